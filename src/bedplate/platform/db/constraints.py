from collections.abc import Iterator, Mapping

import asyncpg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm.exc import StaleDataError

from bedplate.platform.errors import Conflict, Failure, Invalid, PreconditionFailed, Unavailable

type ConstraintErrors = Mapping[str, type[Failure]]

BUSY = (
    asyncpg.TooManyConnectionsError,
    asyncpg.CannotConnectNowError,
    asyncpg.PostgresConnectionError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.QueryCanceledError,
    asyncpg.LockNotAvailableError,
    asyncpg.InterfaceError,
    ConnectionError,
)
RETRYABLE = (asyncpg.SerializationError, asyncpg.DeadlockDetectedError)


def database_failure(error: BaseException, constraints: ConstraintErrors) -> Failure | None:
    """Turn a database error into the refusal that a client understands; None when it is our own fault.

    A broken constraint is looked up by its name; one that no domain has named is a 409 or a 422 without
    its details, for those name tables.
    """
    for cause in _chain(error):
        if isinstance(cause, asyncpg.IntegrityConstraintViolationError):
            return _broken(cause, constraints)
        if isinstance(cause, StaleDataError):
            return PreconditionFailed()
        if isinstance(cause, RETRYABLE):
            return Conflict("Another request changed the same rows; try again")
        if isinstance(cause, (*BUSY, PoolTimeout)) or (
            isinstance(cause, DBAPIError) and cause.connection_invalidated
        ):
            return Unavailable("The database is not available")
        if isinstance(cause, asyncpg.DataError):
            return Invalid("A value cannot be stored")
    return None


def _broken(cause: asyncpg.IntegrityConstraintViolationError, constraints: ConstraintErrors) -> Failure:
    name = str(getattr(cause, "constraint_name", "") or "")
    if name in constraints:
        return constraints[name]()
    if isinstance(cause, asyncpg.CheckViolationError | asyncpg.NotNullViolationError):
        return Invalid("A value is out of its range")
    return Conflict()


def _chain(error: BaseException) -> Iterator[BaseException]:
    current: BaseException | None = error
    while current is not None:
        yield current
        original = getattr(current, "orig", None)
        if isinstance(original, BaseException):
            yield original
            if original.__cause__ is not None:
                yield original.__cause__
        current = current.__cause__
