from typing import Any

import msgspec
from sqlalchemy import Select
from sqlalchemy.dialects.postgresql.asyncpg import dialect as asyncpg_dialect

from bedplate.platform.db.pool import ReadPool
from bedplate.platform.errors import NotFound

DIALECT = asyncpg_dialect()


class CompiledStatement:
    """A Core statement turned once into SQL with `$n` places, and the order of its named values."""

    __slots__ = ("_defaults", "_names", "sql")

    def __init__(self, statement: Select[*tuple[Any, ...]]) -> None:
        compiled = statement.compile(dialect=DIALECT)
        self.sql = str(compiled)
        self._names: list[str] = list(compiled.positiontup or ())
        self._defaults = compiled.params

    def arguments(self, values: dict[str, Any]) -> list[Any]:
        """Order the values for the places; a name that is missing takes the statement's own value."""
        defaults = self._defaults
        return [values[name] if name in values else defaults[name] for name in self._names]


class Read[T: msgspec.Struct]:
    """A compiled read: declared beside the model, run on the read pool, decoded into Structs by position.

    The statement's columns must be the Struct's fields, in order; this is checked when it is declared.
    """

    def __init__(self, statement: Select[*tuple[Any, ...]], into: type[T]) -> None:
        columns = tuple(str(column.key) for column in statement.selected_columns)
        if columns != into.__struct_fields__:
            raise TypeError(f"{into.__name__}: columns {columns} are not the fields {into.__struct_fields__}")
        self._compiled = CompiledStatement(statement)
        self._into = into

    async def first(self, pool: ReadPool, **values: Any) -> T | None:
        """Return the first row, or nothing."""
        compiled = self._compiled
        row = await pool.fetchrow(compiled.sql, *compiled.arguments(values))
        return None if row is None else self._into(*row)

    async def one(self, pool: ReadPool, **values: Any) -> T:
        """Return the row.

        Raises:
            NotFound: there is none.
        """
        found = await self.first(pool, **values)
        if found is None:
            raise NotFound
        return found

    async def all(self, pool: ReadPool, **values: Any) -> list[T]:
        """Return every row."""
        compiled, into = self._compiled, self._into
        return [into(*row) for row in await pool.fetch(compiled.sql, *compiled.arguments(values))]
