import base64
import datetime as dt
import hashlib
import hmac
import secrets
from typing import Literal
from uuid import UUID

import msgspec
from sqlalchemy import delete, select

from bedplate.domains.federation.errors import InvalidState
from bedplate.domains.federation.models import Authorization
from bedplate.platform.db import Transaction, durably, utcnow
from bedplate.platform.jobs import Empty, JobContext, Schedule, task
from bedplate.platform.secrets.seal import Sealer

PURPOSE = "authorization"
LIFETIME = dt.timedelta(minutes=10)


class Secrets(msgspec.Struct, frozen=True):
    """What we keep of a sign-in under way: the nonce, and the PKCE verifier towards the provider."""

    nonce: str
    verifier: str

    @property
    def challenge(self) -> str:
        """The verifier's S256 challenge (RFC 7636 4.2)."""
        return s256(self.verifier)


class Pending(msgspec.Struct, frozen=True):
    """A sign-in that has come back; `user_id` is who links the provider to his account, in which session."""

    provider: str
    secrets: Secrets
    redirect_uri: str
    user_id: UUID | None
    session_id: UUID | None

    @property
    def links(self) -> bool:
        """Whether it links the provider to an account whose owner proved himself to begin it."""
        return self.user_id is not None


class Waiting(msgspec.Struct, frozen=True):
    """Where a sign-in that has come back goes on: here, in the initiator's browser, or at his program."""

    in_browser: bool
    redirect_uri: str


def new_secrets() -> Secrets:
    """Fresh secrets for one sign-in."""
    return Secrets(secrets.token_urlsafe(32), secrets.token_urlsafe(48))


def s256(verifier: str) -> str:
    """The S256 challenge of a verifier (RFC 7636 4.2)."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


async def remember(
    session: Transaction,
    sealer: Sealer,
    kept: Secrets,
    *,
    provider: str,
    bound_by: Literal["cookie", "verifier"],
    binding: str,
    redirect_uri: str,
    user_id: UUID | None,
    session_id: UUID | None,
) -> str:
    """Note that somebody went to a provider; returns the state that brings him back.

    `binding` is the challenge of a verifier that he alone holds, be it in a cookie or in his program.
    """
    state = secrets.token_urlsafe(32)
    row = Authorization(
        digest=_digest(state),
        provider=provider,
        bound_by=bound_by,
        binding=binding.encode(),
        sealed=sealer.seal(PURPOSE, msgspec.json.encode(kept)),
        redirect_uri=redirect_uri,
        user_id=user_id,
        session_id=session_id,
        expires_at=utcnow() + LIFETIME,
    )
    session.add(row)
    await session.flush()
    return state


async def look(session: Transaction, state: str) -> Waiting:
    """Tell how a sign-in goes on that has come back, without using its state up.

    Raises:
        InvalidState: unknown, used or too old.
    """
    statement = select(Authorization.bound_by, Authorization.redirect_uri).where(
        Authorization.digest == _digest(state), Authorization.expires_at > utcnow()
    )
    # Not in the request's own transaction: it would hold a connection while the provider is asked.
    async with durably(session) as other:
        row = (await other.execute(statement)).one_or_none()
    if row is None:
        raise InvalidState
    return Waiting(row[0] == "cookie", row[1])


async def take(
    session: Transaction, sealer: Sealer, state: str, *, bound_by: Literal["cookie", "verifier"], held: str
) -> Pending:
    """Take a state, for good: whatever becomes of the sign-in, it does not work a second time.

    Raises:
        InvalidState: unknown, used, too old, or begun by somebody else.
    """
    statement = (
        delete(Authorization)
        .where(
            Authorization.digest == _digest(state),
            Authorization.bound_by == bound_by,
            Authorization.expires_at > utcnow(),
        )
        .returning(
            Authorization.provider,
            Authorization.binding,
            Authorization.sealed,
            Authorization.redirect_uri,
            Authorization.user_id,
            Authorization.session_id,
        )
    )
    async with durably(session) as other:
        row = (await other.execute(statement)).one_or_none()
    if row is None or not hmac.compare_digest(row[1], s256(held).encode()):
        raise InvalidState
    kept = msgspec.json.decode(sealer.open(PURPOSE, row[2]), type=Secrets)
    return Pending(row[0], kept, row[3], row[4], row[5])


@task("federation.sweep", timeout=60)
async def sweep(ctx: JobContext, _: Empty) -> None:
    """Forget sign-ins that never came back."""
    async with ctx.database.transaction() as session:
        await session.execute(delete(Authorization).where(Authorization.expires_at < utcnow()))


SWEEPING = Schedule(name="federation.sweep", task=sweep, cron="41 * * * *")


def _digest(state: str) -> bytes:
    return hashlib.sha256(state.encode()).digest()
