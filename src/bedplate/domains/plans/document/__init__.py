"""Living documents, pure: read, analyse, write and merge them without a server or a database.

`parse` reads bytes into a `Document`, whose `content` the analyses take; rows make the same `Content`.
"""

from .findings import findings, findings_of
from .reader import Document, parse

__all__ = ["Document", "findings", "findings_of", "parse"]
