import datetime as dt
from uuid import UUID

import msgspec
from sqlalchemy import bindparam, func, select

from bedplate.domains.sessions.models import AuthSession
from bedplate.platform.db import Listing, Read, ReadPool, Sort


class SessionRow(msgspec.Struct):
    id: UUID
    created_at: dt.datetime
    last_used_at: dt.datetime
    expires_at: dt.datetime
    device: str
    address: str | None
    user_agent: str
    client_id: str


_session = select(
    AuthSession.id,
    AuthSession.created_at,
    AuthSession.rotated_at.label("last_used_at"),
    AuthSession.expires_at,
    AuthSession.device,
    func.host(AuthSession.address).label("address"),
    AuthSession.user_agent,
    AuthSession.client_id,
)
SESSIONS = Listing(
    "sessions",
    _session.where(
        AuthSession.user_id == bindparam("user_id"),
        AuthSession.revoked_at.is_(None),
        AuthSession.expires_at > func.now(),
        AuthSession.idle_expires_at > func.now(),
    ),
    SessionRow,
    sorts={"created_at": Sort(columns=(AuthSession.id,), kinds=(UUID,))},
    default_sort="-created_at",
)
EVERY_SESSION = Read(
    _session.where(AuthSession.user_id == bindparam("user_id")).order_by(AuthSession.id), SessionRow
)


async def export_sessions(reads: ReadPool, user_id: UUID) -> list[SessionRow]:
    """A person's sign-ins, ended ones too, for his archive."""
    return await EVERY_SESSION.all(reads, user_id=user_id)
