from sqlalchemy import ARRAY, Text
from sqlalchemy.orm import Mapped, mapped_column

from bedplate.platform.db import Row


class CacheOutbox(Row):
    """Tags that a transaction invalidated; the row goes once every process has been told."""

    __tablename__ = "cache_outbox"

    tags: Mapped[list[str]] = mapped_column(ARRAY(Text))
