"""What other domains ask of an account inside their own statements: its id in, a condition or a value out."""

from uuid import UUID

from sqlalchemy import ColumnElement, ScalarSelect, cast, exists, select
from sqlalchemy.dialects.postgresql import CITEXT
from sqlalchemy.orm import InstrumentedAttribute

from bedplate.domains.accounts.models import Account

type AccountId = ColumnElement[UUID] | InstrumentedAttribute[UUID]


def usable(account_id: AccountId) -> ColumnElement[bool]:
    """Whether it is neither disabled nor deleted."""
    return _where(account_id, Account.disabled_at.is_(None))


def is_person(account_id: AccountId) -> ColumnElement[bool]:
    """Whether a living person's, and not a team's key's."""
    return _where(account_id, Account.kind == "person")


def email_verified(account_id: AccountId) -> ColumnElement[bool]:
    """Whether its address is verified."""
    return _where(account_id, Account.email_verified_at.is_not(None))


def email_is(account_id: AccountId, address: ColumnElement[str]) -> ColumnElement[bool]:
    """Whether this is its address, whatever the case."""
    return _where(account_id, Account.email == cast(address, CITEXT))


def email_of(account_id: AccountId) -> ScalarSelect[str]:
    """Its address."""
    return select(Account.email).where(Account.id == account_id).scalar_subquery()


def name_of(account_id: AccountId) -> ScalarSelect[str]:
    """What the person is called."""
    return select(Account.name).where(Account.id == account_id).scalar_subquery()


def _where(account_id: AccountId, condition: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(Account.id == account_id, Account.deleted_at.is_(None), condition)
