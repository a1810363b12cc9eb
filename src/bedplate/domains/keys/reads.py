import datetime as dt
from uuid import UUID

import msgspec
from sqlalchemy import ColumnElement, String, Uuid, bindparam, cast, func, or_, select, type_coerce
from sqlalchemy.orm import InstrumentedAttribute

from bedplate.domains.accounts.scope import email_verified, usable
from bedplate.domains.keys.models import ApiKey
from bedplate.domains.keys.schemas import ApiKeyView
from bedplate.domains.teams import in_callers_teams
from bedplate.platform.db import Listing, Read, ReadPool, Sort


class KeyRow(msgspec.Struct):
    """What a request with a key needs of it."""

    user_id: UUID
    team_id: UUID | None
    scopes: list[str]
    digest: bytes
    former_digest: bytes | None
    former_until: dt.datetime | None
    expires_at: dt.datetime
    email_verified: bool


KEY_IN_USE = Read(
    select(
        ApiKey.user_id,
        ApiKey.team_id,
        ApiKey.scopes,
        ApiKey.digest,
        ApiKey.former_digest,
        ApiKey.former_until,
        ApiKey.expires_at,
        email_verified(ApiKey.user_id).label("email_verified"),
    ).where(
        ApiKey.id == bindparam("id"),
        ApiKey.revoked_at.is_(None),
        ApiKey.expires_at > func.now(),
        usable(ApiKey.user_id),
    ),
    KeyRow,
)


def _prefix(key_id: InstrumentedAttribute[UUID]) -> ColumnElement[str]:
    return func.concat("bp_", func.replace(cast(key_id, String), "-", ""))


_KEYS = select(
    ApiKey.id,
    ApiKey.name,
    _prefix(ApiKey.id).label("prefix"),
    ApiKey.team_id,
    ApiKey.created_by,
    ApiKey.scopes,
    ApiKey.created_at,
    ApiKey.updated_at,
    ApiKey.expires_at,
    ApiKey.last_used_at,
    ApiKey.revoked_at,
    ApiKey.version,
).where(or_(ApiKey.user_id == bindparam("user_id"), in_callers_teams(type_coerce(ApiKey.team_id, Uuid()))))

KEYS = Listing(
    "api-keys",
    _KEYS,
    ApiKeyView,
    sorts={"created_at": Sort(columns=(ApiKey.id,), kinds=(UUID,))},
    default_sort="-created_at",
    filters={
        "team_id": ApiKey.team_id == bindparam("team_id"),
        "revoked": bindparam("revoked") == ApiKey.revoked_at.is_not(None),
    },
)
KEY = Read(_KEYS.where(ApiKey.id == bindparam("id")), ApiKeyView)
_OWN_KEYS = Read(_KEYS.where(ApiKey.user_id == bindparam("user_id")).order_by(ApiKey.id), ApiKeyView)


async def export_api_keys(reads: ReadPool, user_id: UUID) -> list[ApiKeyView]:
    """A person's own keys, revoked ones too, for his archive; the secrets are nowhere to be had."""
    return await _OWN_KEYS.all(reads, user_id=user_id)
