from bedplate.platform.db import ReadPool

PRESENCE = "bedplate-worker "
"""What the name of a worker's LISTEN connection begins with; the worker's own name follows."""

# One that hangs keeps its connection, yet shows no sign of life on it. Another role's connections tell no moment.
ALIVE = f"""
select count(*) from pg_stat_activity
where datname = current_database() and application_name like '{PRESENCE}%'
  and coalesce(state_change > now() - interval '10 s', true)
"""  # noqa: S608 - no input is in it


async def workers_alive(pool: ReadPool) -> int:
    """How many workers PostgreSQL sees alive."""
    row = await pool.fetchrow(ALIVE)
    return row[0] if row else 0
