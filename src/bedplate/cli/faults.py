import asyncpg
import redis
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from bedplate.cli.errors import CommandError
from bedplate.platform.db.programs import BackupError
from bedplate.platform.embedded import EmbeddedError
from bedplate.platform.errors import Failure
from bedplate.platform.limits import LimitsError
from bedplate.settings.load import SettingsError

USER_FAULTS = (
    CommandError,
    BackupError,
    EmbeddedError,
    SettingsError,
    Failure,
    LimitsError,
    asyncpg.PostgresError,
    redis.RedisError,
    SQLAlchemyError,
    OSError,
)


def one_line(fault: BaseException) -> str:
    """Say what happened, and what to do where the message does not."""
    if isinstance(fault, DBAPIError) and fault.orig is not None:
        return one_line(fault.orig.__cause__ or fault.orig)
    if isinstance(fault, asyncpg.InvalidCatalogNameError):
        return f"{fault}; create it, or mend BEDPLATE_DATABASE_URL"
    if isinstance(fault, asyncpg.UndefinedTableError | asyncpg.UndefinedColumnError):
        return f"{fault}; run `bedplate db upgrade`"
    if isinstance(fault, asyncpg.PostgresError | ConnectionError):
        return f"PostgreSQL refused: {fault}; check BEDPLATE_DATABASE_URL"
    if isinstance(fault, redis.RedisError):
        return f"Redis refused: {fault}; check BEDPLATE_REDIS_URL"
    return str(fault) or type(fault).__name__
