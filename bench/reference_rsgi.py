"""The limit: granian RSGI and asyncpg, no framework, no sign-in, no limit, no telemetry."""

import asyncio
import os
from typing import Any

import asyncpg
import msgspec

ME = """select id, email, name, email_verified_at is not null as email_verified,
 password_hash is not null as has_password, personal_team_id, created_at, updated_at, version
 from account where id = $1 and deleted_at is null"""
COLUMNS = (
    *("id", "plan_id", "number", "title", "kind", "state", "priority", "phase_id", "parent_id", "position"),
    *("effort_min", "effort_max", "stated_percent", "next_step", "completed_on", "assignee", "claimed_by"),
    *("lease_until", "external_source", "external_id", "glyph", "word", "line"),
    *("created_at", "updated_at", "version"),
)
TASKS = f"""select {", ".join(COLUMNS)},
 (select count(*) from checklist_item i where i.task_id = t.id) as items_total,
 (select count(*) from checklist_item i where i.task_id = t.id and i.done) as items_done
 from task t where t.plan_id = $1 order by t.position, t.id limit 20"""  # noqa: S608 - names of our own
Task = msgspec.defstruct("Task", [*COLUMNS, "items_total", "items_done"])


class Me(msgspec.Struct):
    id: Any
    email: str
    name: str
    email_verified: bool
    has_password: bool
    personal_team_id: Any
    created_at: Any
    updated_at: Any
    version: int


class Application:
    def __init__(self) -> None:
        self._pool: Any = None

    def __rsgi_init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._pool = loop.run_until_complete(
            asyncpg.create_pool(os.environ["BENCH_DATABASE_URL"], min_size=8, max_size=8, reset=_keep)
        )
        self._user, self._plan = os.environ["BENCH_USER_ID"], os.environ["BENCH_PLAN_ID"]
        self._encoder = msgspec.json.Encoder()

    async def __rsgi__(self, scope: Any, protocol: Any) -> None:
        if scope.path == "/me":
            row = await self._pool.fetchrow(ME, self._user)
            body = self._encoder.encode(Me(*row))
        else:
            body = self._encoder.encode([Task(*row) for row in await self._pool.fetch(TASKS, self._plan)])
        protocol.response_bytes(200, [("content-type", "application/json")], body)


async def _keep(_connection: object) -> None:
    return None


app = Application()
