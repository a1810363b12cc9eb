"""What a database's tables hold, in a form that can be compared: a row count and a checksum each."""

from typing import Any, cast

import msgspec

from bedplate.platform.db.pool import Connection

_TABLES = """
select quote_ident(n.nspname) || '.' || quote_ident(c.relname) from pg_class c
join pg_namespace n on n.oid = c.relnamespace
where c.relkind = 'r' and n.nspname <> 'information_schema' and n.nspname !~ '^pg_' and not exists (
  select from pg_depend d where d.objid = c.oid and d.deptype = 'e')
order by 1
"""
# A sum over hashes of rows: in any order the same, in constant memory, and no row goes over the wire.
_SUM = """
select count(*), coalesce(sum(('x' || encode(substr(sha256(convert_to(t::text, 'UTF8')), 1, 8), 'hex'))
  ::bit(64)::bigint::numeric), 0)::text from {} t
"""
# A row's text form hangs on these; the rest of it is the same in every version since 15.
_FORMS = """
set timezone to 'UTC'; set datestyle to 'ISO, YMD'; set intervalstyle to 'postgres'; set bytea_output to 'hex';
set extra_float_digits to 1; set search_path to ''
"""


class TableFingerprint(msgspec.Struct, frozen=True):
    """Rows of a table, and the sum of the first 64 bits of each row's SHA-256."""

    rows: int
    checksum: str


async def fingerprint(connection: Connection) -> dict[str, TableFingerprint]:
    """Read every table once, by the connection's own snapshot; changes the session's display settings."""
    await connection.execute(_FORMS)
    prints: dict[str, TableFingerprint] = {}
    tables = cast("list[tuple[str]]", await connection.fetch(_TABLES))
    for (table,) in tables:
        row = cast("Any", await connection.fetchrow(_SUM.format(table)))
        prints[table] = TableFingerprint(row[0], row[1])
    return prints
