import asyncpg
import redis
from alembic.util.exc import CommandError as AlembicError
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from bedplate.cli.errors import CommandError
from bedplate.platform.db.migrate import MigrationBusy
from bedplate.platform.db.programs import BackupError
from bedplate.platform.embedded import EmbeddedError
from bedplate.platform.errors import Failure
from bedplate.platform.limits import LimitsError
from bedplate.settings.load import SettingsError

USER_FAULTS = (
    CommandError,
    BackupError,
    MigrationBusy,
    EmbeddedError,
    SettingsError,
    Failure,
    LimitsError,
    asyncpg.PostgresError,
    redis.RedisError,
    SQLAlchemyError,
    AlembicError,
    OSError,
)


ADVICE = (
    (asyncpg.DiskFullError, "The disk of PostgreSQL is full ({}): free some space and start again"),
    (asyncpg.InvalidCatalogNameError, "{}; create it, or mend BEDPLATE_DATABASE_URL"),
    (
        (asyncpg.UndefinedTableError, asyncpg.UndefinedColumnError, asyncpg.UndefinedFunctionError),
        "{}; run `bedplate db upgrade`",
    ),
    (
        AlembicError,
        "{}; `bedplate db status` says where the database is, `bedplate db upgrade` takes it to the newest",
    ),
    (redis.RedisError, "Redis refused: {}; check BEDPLATE_REDIS_URL"),
    ((asyncpg.PostgresError, OSError), "PostgreSQL refused: {}; check BEDPLATE_DATABASE_URL"),
)


def one_line(fault: BaseException) -> str:
    """Say what happened, and what to do where the message does not; the faults of settings are one a line."""
    if isinstance(fault, DBAPIError) and fault.orig is not None:
        return one_line(fault.orig.__cause__ or fault.orig)
    if isinstance(fault, SettingsError):
        return str(fault)
    # An OSError without a file is a connection's: an unknown host, a port or a socket where nobody listens.
    if isinstance(fault, OSError) and fault.filename is not None:
        return f"{fault.filename}: {fault.strerror}"
    said = " ".join(str(fault).split()) or type(fault).__name__
    return next((advice.format(said) for kinds, advice in ADVICE if isinstance(fault, kinds)), said)
