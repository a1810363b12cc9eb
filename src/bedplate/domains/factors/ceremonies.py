import datetime as dt
import hashlib
import secrets
from typing import Literal
from uuid import UUID

import msgspec
from sqlalchemy import ColumnElement, delete, update

from bedplate.domains.factors.errors import InvalidChallenge
from bedplate.domains.factors.models import Ceremony
from bedplate.platform.db import Transaction, durably, utcnow
from bedplate.platform.jobs import Empty, JobContext, Schedule, task

type Purpose = Literal["sign_in", "step_up", "passkey", "register"]

LIFETIME = dt.timedelta(minutes=5)
MAX_ATTEMPTS = 5


class Begun(msgspec.Struct, frozen=True):
    """A ceremony under way."""

    id: UUID
    user_id: UUID | None
    challenge: bytes | None
    device: str
    method: str


async def begin(
    session: Transaction,
    purpose: Purpose,
    user_id: UUID | None,
    *,
    challenge: bytes | None = None,
    device: str = "",
    method: str = "password",
) -> str:
    """Begin a ceremony and return its secret; it lives five minutes, whatever becomes of the request."""
    secret = secrets.token_urlsafe(32)
    row = Ceremony(
        user_id=user_id,
        purpose=purpose,
        digest=_digest(secret),
        challenge=challenge,
        device=device,
        method=method,
        expires_at=utcnow() + LIFETIME,
    )
    async with durably(session) as other:
        other.add(row)
    return secret


async def attempt(session: Transaction, purpose: Purpose, secret: str) -> Begun:
    """Count an attempt at a ceremony, for good, and return it; it ends after five.

    Raises:
        InvalidChallenge: unknown, finished, used up or too old.
    """
    statement = (
        update(Ceremony)
        .where(*_living(purpose, secret), Ceremony.attempts < MAX_ATTEMPTS)
        .values(attempts=Ceremony.attempts + 1)
        .returning(Ceremony.id, Ceremony.user_id, Ceremony.challenge, Ceremony.device, Ceremony.method)
        .execution_options(synchronize_session=False)
    )
    async with durably(session) as other:
        row = (await other.execute(statement)).one_or_none()
    if row is None:
        raise InvalidChallenge
    return Begun(row[0], row[1], row[2], row[3], row[4])


async def challenge_with(session: Transaction, purpose: Purpose, secret: str, challenge: bytes) -> UUID:
    """Give a ceremony a WebAuthn challenge; returns whose it is.

    Raises:
        InvalidChallenge: as for `attempt`.
    """
    statement = (
        update(Ceremony)
        .where(*_living(purpose, secret))
        .values(challenge=challenge)
        .returning(Ceremony.user_id)
        .execution_options(synchronize_session=False)
    )
    user_id = await session.scalar(statement)
    if user_id is None:
        raise InvalidChallenge
    return user_id


async def finish(session: Transaction, begun: Begun) -> None:
    """End a ceremony that succeeded.

    Raises:
        InvalidChallenge: another request ended it first.
    """
    statement = delete(Ceremony).where(Ceremony.id == begun.id).returning(Ceremony.id)
    if await session.scalar(statement) is None:
        raise InvalidChallenge


@task("factors.sweep", timeout=60)
async def sweep(ctx: JobContext, _: Empty) -> None:
    """Forget ceremonies that nobody finished."""
    async with ctx.database.transaction() as session:
        await session.execute(delete(Ceremony).where(Ceremony.expires_at < utcnow()))


SWEEPING = Schedule(name="factors.sweep", task=sweep, cron="23 * * * *")


def _living(purpose: Purpose, secret: str) -> tuple[ColumnElement[bool], ...]:
    return (
        Ceremony.digest == _digest(secret),
        Ceremony.purpose == purpose,
        Ceremony.expires_at > utcnow(),
    )


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
