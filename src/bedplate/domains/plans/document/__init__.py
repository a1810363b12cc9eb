"""Living documents, pure: read, analyse, write and merge them without a server or a database."""

from .reader import Document, parse

__all__ = ["Document", "parse"]
