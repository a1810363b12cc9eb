"""Accounts as administrators see them."""

import datetime as dt
from collections.abc import Callable
from uuid import UUID

import msgspec
from sqlalchemy import ColumnElement, String, bindparam, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from bedplate.domains.accounts.models import Account
from bedplate.platform.db import Listing, Read, Sort

type RolesOf = Callable[[InstrumentedAttribute[UUID]], ColumnElement[list[str]]]
type Holding = Callable[[InstrumentedAttribute[UUID]], ColumnElement[bool]]


class AccountSummary(msgspec.Struct):
    """An account with the roles it was given; everybody's role goes without saying."""

    id: UUID
    email: str
    name: str
    email_verified: bool
    has_password: bool
    disabled: bool
    roles: list[str]
    created_at: dt.datetime
    updated_at: dt.datetime
    version: int

    @property
    def tag(self) -> str:
        """What its ETag is made of: the version, and the roles, which are kept elsewhere."""
        return "-".join([str(self.version), *self.roles])


class Directory:
    """The living people's accounts; roles are told by a later domain, as parts of these statements."""

    def __init__(self, roles_of: RolesOf, holding: Holding) -> None:
        statement = select(
            Account.id,
            Account.email,
            Account.name,
            _VERIFIED.label("email_verified"),
            Account.password_hash.is_not(None).label("has_password"),
            _DISABLED.label("disabled"),
            roles_of(Account.id).label("roles"),
            Account.created_at,
            Account.updated_at,
            Account.version,
        ).where(Account.deleted_at.is_(None), Account.kind == "person")
        self.all = Listing(
            "users",
            statement,
            AccountSummary,
            sorts={
                "created_at": Sort(columns=(Account.id,), kinds=(UUID,)),
                "email": Sort(columns=(Account.email,), kinds=(str,)),
            },
            default_sort="-created_at",
            filters={
                "email": Account.email == bindparam("email"),
                "q": or_(_contains(Account.email), _contains(Account.name)),
                "disabled": bindparam("disabled") == _DISABLED,
                "email_verified": bindparam("email_verified") == _VERIFIED,
                "role": holding(Account.id),
            },
        )
        self.of_id = statement.where(Account.id == bindparam("id"))
        self.one = Read(self.of_id, AccountSummary)


_VERIFIED = Account.email_verified_at.is_not(None)
_DISABLED = Account.disabled_at.is_not(None)


def _contains(column: InstrumentedAttribute[str]) -> ColumnElement[bool]:
    return func.strpos(func.lower(column), func.lower(bindparam("q", type_=String))) > 0
