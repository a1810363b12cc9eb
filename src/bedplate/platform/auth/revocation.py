import datetime as dt
import time
from typing import Any, Literal
from uuid import UUID

import msgspec
from sqlalchemy import ARRAY, Uuid, bindparam, insert, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from bedplate.platform.auth.models import Revocation
from bedplate.platform.auth.tokens import InvalidToken, Verified
from bedplate.platform.db import Database, Read, new_id, utcnow
from bedplate.platform.db.listen import Listener

CHANNEL = "bedplate_revoked"
type Kind = Literal["session", "user"]


class RevokedRow(msgspec.Struct):
    subject: UUID
    created_at: dt.datetime


RECENT = Read(
    select(Revocation.subject, Revocation.created_at).where(Revocation.created_at > bindparam("since")),
    RevokedRow,
)
OF_SUBJECTS = Read(
    select(Revocation.subject, Revocation.created_at).where(
        Revocation.subject == bindparam("subjects", type_=ARRAY(Uuid())).any_(),  # pyright: ignore[reportUnknownArgumentType]
        Revocation.created_at > bindparam("since"),
    ),
    RevokedRow,
)


async def revoke(session: AsyncSession, kind: Kind, *subjects: UUID) -> None:
    """Kill the access tokens of sessions or users; the message leaves with the transaction's commit."""
    if not subjects:
        return
    now = utcnow()
    rows: list[dict[str, Any]] = [
        {"id": new_id(), "kind": kind, "subject": subject, "created_at": now} for subject in subjects
    ]
    await session.execute(insert(Revocation), rows)
    at = int(now.timestamp() * 1000)
    for subject in subjects:
        await session.execute(
            text("select pg_notify(:channel, :payload)"), {"channel": CHANNEL, "payload": f"{subject} {at}"}
        )


class Revocations:
    """Which tokens are dead: known by push, and asked of PostgreSQL while the push is silent."""

    def __init__(self, database: Database, lifetime: float) -> None:
        self._database = database
        self._lifetime = dt.timedelta(seconds=lifetime)
        self._dead: dict[UUID, int] = {}
        self.listener: Listener | None = None

    async def check(self, verified: Verified) -> None:
        """Refuse a revoked token.

        Raises:
            InvalidToken: its session or user was revoked after it was issued.
            Unavailable: neither push nor store can tell.
        """
        if self.listener is None or not self.listener.alive:
            await self._ask(verified)
        elif self._dead and self._is_dead(verified):
            raise InvalidToken

    async def load(self) -> None:
        """Read the revocations that can still matter: those within an access token's life."""
        rows = await RECENT.all(self._database.reads, since=utcnow() - self._lifetime)
        self._dead = {}
        for row in rows:
            self._note(row.subject, int(row.created_at.timestamp() * 1000))

    async def on_message(self, payload: str) -> None:
        """Take a push: subject and time in ms."""
        subject, _, at = payload.partition(" ")
        self._note(UUID(subject), int(at))
        if len(self._dead) % 256 == 0:
            oldest = int((time.time() - self._lifetime.total_seconds()) * 1000)
            self._dead = {s: t for s, t in self._dead.items() if t >= oldest}

    def _note(self, subject: UUID, at: int) -> None:
        self._dead[subject] = max(at, self._dead.get(subject, 0))

    def _is_dead(self, verified: Verified) -> bool:
        caller, dead = verified.caller, self._dead
        at = dead.get(caller.user_id, -1)
        if caller.session_id is not None:
            at = max(at, dead.get(caller.session_id, -1))
        return at >= verified.issued_ms

    async def _ask(self, verified: Verified) -> None:
        caller = verified.caller
        subjects = [subject for subject in (caller.user_id, caller.session_id) if subject]
        since = dt.datetime.fromtimestamp(verified.issued_ms / 1000, dt.UTC) - dt.timedelta(milliseconds=1)
        if await OF_SUBJECTS.first(self._database.reads, subjects=subjects, since=since):
            raise InvalidToken
