import datetime as dt
import hashlib
import secrets
from typing import Literal
from uuid import UUID

import msgspec
from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from bedplate.domains.accounts.errors import InvalidAccountToken
from bedplate.domains.accounts.models import AccountToken
from bedplate.platform.db import Transaction, new_id, utcnow

type Purpose = Literal["verify_email", "change_email", "reset_password", "restore"]

BYTES = 32


class Redeemed(msgspec.Struct, frozen=True):
    """What a mailed token stood for."""

    account_id: UUID
    purpose: str
    email: str | None


async def issue(
    session: Transaction, account_id: UUID, purpose: Purpose, ttl: float, *, email: str | None = None
) -> str:
    """Make a token of 256 bits; a former one of the same purpose is dead from now on."""
    token = secrets.token_urlsafe(BYTES)
    values = {
        "digest": _digest(token),
        "email": email,
        "expires_at": utcnow() + dt.timedelta(seconds=ttl),
        "created_at": utcnow(),
    }
    row = insert(AccountToken).values(id=new_id(), account_id=account_id, purpose=purpose, **values)
    await session.execute(row.on_conflict_do_update(index_elements=["account_id", "purpose"], set_=values))
    return token


async def peek(session: Transaction, token: str, *purposes: Purpose) -> Redeemed:
    """Tell what a token stands for, without using it up.

    Raises:
        InvalidAccountToken: unknown, used, superseded, expired, or of another purpose.
    """
    found = await session.execute(
        select(AccountToken.account_id, AccountToken.purpose, AccountToken.email).where(
            AccountToken.digest == _digest(token),
            AccountToken.purpose.in_(purposes),
            AccountToken.expires_at > utcnow(),
        )
    )
    row = found.one_or_none()
    if row is None:
        raise InvalidAccountToken
    return Redeemed(row[0], row[1], row[2])


async def redeem(session: Transaction, token: str, *purposes: Purpose) -> Redeemed:
    """Use a token up: of two at once, one wins.

    Raises:
        InvalidAccountToken: as for `peek`.
    """
    found = await session.execute(
        delete(AccountToken)
        .where(
            AccountToken.digest == _digest(token),
            AccountToken.purpose.in_(purposes),
            AccountToken.expires_at > utcnow(),
        )
        .returning(AccountToken.account_id, AccountToken.purpose, AccountToken.email)
    )
    row = found.one_or_none()
    if row is None:
        raise InvalidAccountToken
    return Redeemed(row[0], row[1], row[2])


async def withdraw(session: Transaction, account_id: UUID, *purposes: Purpose) -> None:
    """Kill the tokens of an account."""
    await session.execute(
        delete(AccountToken).where(AccountToken.account_id == account_id, AccountToken.purpose.in_(purposes))
    )


def _digest(token: str) -> bytes:
    # 256 random bits need no slow hash, only one that cannot be turned round.
    return hashlib.sha256(token.encode()).digest()
