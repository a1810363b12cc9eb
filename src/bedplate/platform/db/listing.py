from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Integer, Select, bindparam, tuple_
from sqlalchemy.orm import InstrumentedAttribute

from bedplate.platform.db.cursors import CursorSigner
from bedplate.platform.db.pool import ReadPool
from bedplate.platform.db.reads import CompiledStatement
from bedplate.platform.errors import FieldError, Invalid

MOST_ROWS = 200


class Page[T](msgspec.Struct, frozen=True):
    """One page of a list; `next_cursor` is null on the last."""

    items: list[T]
    next_cursor: str | None


class PageQuery(msgspec.Struct, frozen=True):
    """What a client asks of a list: rows a page, where to go on, and the order.

    `unstated` says that the rows are a default, and not what the client asked for.
    """

    limit: int
    cursor: str | None
    sort: str | None
    signer: CursorSigner
    unstated: bool = False


class Sort(msgspec.Struct, frozen=True):
    """A declared order: columns that are never null, the last of them unique."""

    columns: tuple[ColumnElement[Any] | InstrumentedAttribute[Any], ...]
    kinds: tuple[type, ...]


class Listing[T: msgspec.Struct]:
    """A keyset list (no offset, no hidden count) with declared filters and sorts.

    Each combination of filters and sort that is used is compiled once. A sort's name takes a leading
    minus for the falling order. One that `may_lag` is answered by the replica, as a `Read` is.
    """

    def __init__(
        self,
        name: str,
        statement: Select[*tuple[Any, ...]],
        into: type[T],
        *,
        sorts: Mapping[str, Sort],
        default_sort: str,
        filters: Mapping[str, ColumnElement[bool]] | None = None,
        may_lag: bool = False,
    ) -> None:
        columns = tuple(str(column.key) for column in statement.selected_columns)
        if columns != into.__struct_fields__:
            raise TypeError(f"{into.__name__}: columns {columns} are not the fields {into.__struct_fields__}")
        self.name = name
        self.sorts = sorts
        self.filters = filters or {}
        self._statement = statement
        self._into = into
        self._may_lag = may_lag
        self._default_sort = default_sort
        self._variants: dict[tuple[str, tuple[str, ...], bool], CompiledStatement] = {}

    async def page(self, pool: ReadPool, query: PageQuery, **values: Any) -> Page[T]:
        """Return a page; `values` whose name is a filter and whose value is None do not filter.

        Raises:
            Invalid: the sort is not declared.
            InvalidCursor: the cursor was not made for this list, sort and filters.
        """
        order = query.sort or self._default_sort
        sort = self._sort(order)
        present = tuple(sorted(n for n in self.filters if values.get(n) is not None))
        purpose = self._purpose(order, present, values)
        values["limit"] = query.limit + 1
        if query.cursor:
            key = query.signer.decode(purpose, query.cursor, list(sort.kinds))
            values.update({f"after_{i}": value for i, value in enumerate(key)})
        compiled = self._variant(order, sort, present, after=query.cursor is not None)
        rows = await compiled.rows(pool, values, may_lag=self._may_lag)
        width = len(self._into.__struct_fields__)
        more = len(rows) > query.limit
        into = self._into
        items = [into(*row[:width]) for row in rows[: query.limit]]
        cursor = query.signer.encode(purpose, list(rows[query.limit - 1][width:])) if more else None
        return Page(items, cursor)

    def _purpose(self, order: str, present: Sequence[str], values: Mapping[str, Any]) -> str:
        # Not every value: what scopes the list to its caller is checked by the statement itself.
        return "\0".join([self.name, order, *(f"{n}={values[n]}" for n in present)])

    def _sort(self, order: str) -> Sort:
        found = self.sorts.get(order.removeprefix("-"))
        if found is None:
            allowed = ", ".join(self.sorts)
            message = f"Sort by one of {allowed}, with a leading minus for the falling order"
            raise Invalid(message, errors=[FieldError("/sort", "enum", message)])
        return found

    def _variant(self, order: str, sort: Sort, present: tuple[str, ...], *, after: bool) -> CompiledStatement:
        key = (order, present, after)
        if key not in self._variants:
            self._variants[key] = CompiledStatement(self._build(order, sort, present, after=after))
        return self._variants[key]

    def _build(
        self, order: str, sort: Sort, present: tuple[str, ...], *, after: bool
    ) -> Select[*tuple[Any, ...]]:
        falling = order.startswith("-")
        statement = self._statement.add_columns(*(c.label(f"key_{i}") for i, c in enumerate(sort.columns)))
        statement = statement.where(*(self.filters[name] for name in present))
        if after:
            places = tuple_(*(bindparam(f"after_{i}", type_=c.type) for i, c in enumerate(sort.columns)))
            row = tuple_(*sort.columns)
            statement = statement.where(row < places if falling else row > places)
        ordered = (c.desc() if falling else c.asc() for c in sort.columns)
        return statement.order_by(*ordered).limit(bindparam("limit", type_=Integer))
