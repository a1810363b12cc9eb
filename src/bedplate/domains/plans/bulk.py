"""Many rows in one statement: a single JSON parameter, so that no number of rows meets a limit."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import msgspec
from sqlalchemy import TextClause, text

from bedplate.platform.db import Base, Transaction

type Values = Mapping[str, Any]


async def insert_rows(session: Transaction, kind: type[Base], rows: Sequence[Values]) -> None:
    """Insert rows that all give the same columns; the rest take the server's defaults."""
    if rows:
        statement = _insert(kind.__tablename__, tuple(rows[0]))
        await session.execute(statement, {"rows": msgspec.json.encode(rows).decode()})


async def update_rows(session: Transaction, kind: type[Base], rows: Sequence[Values]) -> None:
    """Update rows by `id` where a given column differs; their version stays, for what they say does too."""
    if rows:
        statement = _update(kind.__tablename__, tuple(rows[0]))
        await session.execute(statement, {"rows": msgspec.json.encode(rows).decode()})


@lru_cache(maxsize=128)
def _insert(table: str, columns: tuple[str, ...]) -> TextClause:
    names = ", ".join(f'"{name}"' for name in columns)
    source = f'jsonb_populate_recordset(null::"{table}", cast(:rows as jsonb))'
    return text(f'insert into "{table}" ({names}) select {names} from {source}')  # noqa: S608 - names are ours


@lru_cache(maxsize=128)
def _update(table: str, columns: tuple[str, ...]) -> TextClause:
    changed = [f'"{name}"' for name in columns if name != "id"]
    setting = ", ".join(f"{name} = r.{name}" for name in changed)
    before = ", ".join(f"t.{name}" for name in changed)
    after = ", ".join(f"r.{name}" for name in changed)
    source = f'jsonb_populate_recordset(null::"{table}", cast(:rows as jsonb)) r'
    return text(
        f'update "{table}" t set {setting} from {source} '  # noqa: S608 - names are ours
        f"where t.id = r.id and ({before}) is distinct from ({after})"
    )
