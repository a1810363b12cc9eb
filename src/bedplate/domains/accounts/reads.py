import datetime as dt
from uuid import UUID

import msgspec
from sqlalchemy import bindparam, select

from bedplate.domains.accounts.models import Account
from bedplate.platform.db import Read, ReadPool


class AccountRow(msgspec.Struct):
    """What a profile shows of an account."""

    id: UUID
    email: str
    name: str
    email_verified: bool
    has_password: bool
    personal_team_id: UUID | None
    created_at: dt.datetime
    updated_at: dt.datetime
    version: int


class Credentials(msgspec.Struct):
    """What sign-in needs of an account."""

    id: UUID
    email: str
    name: str
    password_hash: str | None
    email_verified: bool
    disabled: bool
    password_failures: int


ACCOUNT = Read(
    select(
        Account.id,
        Account.email,
        Account.name,
        Account.email_verified_at.is_not(None).label("email_verified"),
        Account.password_hash.is_not(None).label("has_password"),
        Account.personal_team_id,
        Account.created_at,
        Account.updated_at,
        Account.version,
    ).where(Account.id == bindparam("id"), Account.deleted_at.is_(None)),
    AccountRow,
)

CREDENTIALS = Read(
    select(
        Account.id,
        Account.email,
        Account.name,
        Account.password_hash,
        Account.email_verified_at.is_not(None).label("email_verified"),
        Account.disabled_at.is_not(None).label("disabled"),
        Account.password_failures,
    ).where(Account.email == bindparam("email"), Account.deleted_at.is_(None)),
    Credentials,
)

CREDENTIALS_BY_ID = Read(
    select(
        Account.id,
        Account.email,
        Account.name,
        Account.password_hash,
        Account.email_verified_at.is_not(None).label("email_verified"),
        Account.disabled_at.is_not(None).label("disabled"),
        Account.password_failures,
    ).where(Account.id == bindparam("id"), Account.deleted_at.is_(None)),
    Credentials,
)


async def export_account(reads: ReadPool, account_id: UUID) -> AccountRow | None:
    """What is kept about a person here, for the archive."""
    return await ACCOUNT.first(reads, id=account_id)
