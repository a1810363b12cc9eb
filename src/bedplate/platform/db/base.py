import datetime as dt
from typing import Any
from uuid import UUID

from advanced_alchemy.base import CommonTableAttributes, create_registry
from sqlalchemy import DateTime, Integer, MetaData, Uuid, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncAttrs
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, registry
from uuid_utils.compat import uuid7

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


def new_id() -> UUID:
    """Return a UUIDv7 (RFC 9562 section 5.7): it sorts by time of making."""
    return uuid7()


def utcnow() -> dt.datetime:
    """Return the present moment, with its time zone."""
    return dt.datetime.now(dt.UTC)


def _registry() -> registry:
    base = create_registry()
    base.update_type_annotation_map(
        {dt.datetime: DateTime(timezone=True), UUID: Uuid(), dict[str, Any]: JSONB, list[Any]: JSONB}
    )
    return base


class Base(CommonTableAttributes, AsyncAttrs, DeclarativeBase):
    """Declarative base: named constraints, so that an error can be told by the constraint it broke."""

    registry = _registry()
    metadata = MetaData(naming_convention=NAMES)
    __abstract__ = True


class Row(Base):
    """A table's row: a UUIDv7 key and the moment of its making."""

    __abstract__ = True

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id, sort_order=-10)
    created_at: Mapped[dt.datetime] = mapped_column(default=utcnow, server_default=func.now(), sort_order=100)


class VersionedRow(Row):
    """A mutable row: `version` guards against lost updates and is the strong ETag."""

    __abstract__ = True

    updated_at: Mapped[dt.datetime] = mapped_column(
        default=utcnow, onupdate=utcnow, server_default=func.now(), sort_order=101
    )
    version: Mapped[int] = mapped_column(Integer, default=1, server_default=text("1"), sort_order=102)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy's own declaration
