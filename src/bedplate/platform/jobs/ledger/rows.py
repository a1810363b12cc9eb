from typing import Any, cast
from uuid import UUID

import asyncpg

FIRST = UUID(int=0)
"""The place before every row, for a page that goes by id."""


async def fetch(connection: asyncpg.Connection, sql: str, *arguments: Any) -> list[asyncpg.Record]:
    """Run a statement and return its rows; asyncpg's own annotation leaves their type open."""
    return cast("list[asyncpg.Record]", await connection.fetch(sql, *arguments))
