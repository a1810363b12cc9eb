import datetime as dt
from uuid import UUID

import msgspec
from sqlalchemy import bindparam, func, select

from bedplate.domains.sessions.models import AuthSession
from bedplate.platform.db import Listing, Sort


class SessionRow(msgspec.Struct):
    id: UUID
    created_at: dt.datetime
    last_used_at: dt.datetime
    expires_at: dt.datetime
    device: str
    address: str | None
    user_agent: str
    client_id: str


SESSIONS = Listing(
    "sessions",
    select(
        AuthSession.id,
        AuthSession.created_at,
        AuthSession.rotated_at.label("last_used_at"),
        AuthSession.expires_at,
        AuthSession.device,
        func.host(AuthSession.address).label("address"),
        AuthSession.user_agent,
        AuthSession.client_id,
    ).where(
        AuthSession.user_id == bindparam("user_id"),
        AuthSession.revoked_at.is_(None),
        AuthSession.expires_at > func.now(),
        AuthSession.idle_expires_at > func.now(),
    ),
    SessionRow,
    sorts={"created_at": Sort(columns=(AuthSession.id,), kinds=(UUID,))},
    default_sort="-created_at",
)
