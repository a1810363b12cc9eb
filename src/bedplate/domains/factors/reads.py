import datetime as dt
from uuid import UUID

import msgspec
from sqlalchemy import bindparam, literal, select, union_all

from bedplate.domains.factors.models import Passkey, Totp
from bedplate.platform.db import Read, ReadPool


class FactorRow(msgspec.Struct):
    """A second factor without anything that proves it."""

    kind: str
    name: str
    created_at: dt.datetime


_OWN = union_all(
    select(literal("totp").label("kind"), literal("").label("name"), Totp.created_at).where(
        Totp.user_id == bindparam("user_id"), Totp.confirmed_at.is_not(None)
    ),
    select(literal("passkey"), Passkey.name, Passkey.created_at).where(
        Passkey.user_id == bindparam("user_id")
    ),
).subquery()
_FACTORS = Read(select(_OWN.c.kind, _OWN.c.name, _OWN.c.created_at), FactorRow)


async def export_factors(reads: ReadPool, user_id: UUID) -> list[FactorRow]:
    """A person's second factors, for his archive."""
    return await _FACTORS.all(reads, user_id=user_id)
