"""The database: models' base, the request's session, compiled reads, paging and constraint errors."""

from bedplate.platform.db.base import Base, Row, VersionedRow, new_id, utcnow
from bedplate.platform.db.computed import computed_page
from bedplate.platform.db.database import Database
from bedplate.platform.db.listing import Listing, Page, PageQuery, Sort
from bedplate.platform.db.pool import ReadPool
from bedplate.platform.db.reads import Read
from bedplate.platform.db.service import RepositoryService
from bedplate.platform.db.session import Transaction, after_commit, durably

__all__ = [
    "Base",
    "Database",
    "Listing",
    "Page",
    "PageQuery",
    "Read",
    "ReadPool",
    "RepositoryService",
    "Row",
    "Sort",
    "Transaction",
    "VersionedRow",
    "after_commit",
    "computed_page",
    "durably",
    "new_id",
    "utcnow",
]
