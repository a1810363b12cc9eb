"""Whether an edge would close a cycle, over dependencies and the drawn graph together."""

from collections import defaultdict, deque
from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import bindparam, text
from sqlalchemy.types import Uuid

from bedplate.platform.db import Transaction

# A node that is only drawn passes on what stands before it, so that arrows through it count as well.
AFTER = text("""
with recursive edge as (
  select blocker_id as blocker, blocked_id as blocked from dependency
  where plan_id = :plan_id and type = 'blocks'
  union
  select coalesce(s.task_id, s.id), coalesce(t.task_id, t.id) from graph_arrow a
  join graph_node s on s.plan_id = a.plan_id and s.mermaid_id = a.source
  join graph_node t on t.plan_id = a.plan_id and t.mermaid_id = a.target
  where a.plan_id = :plan_id
), reached as (
  select blocker, blocked from edge where blocker = :start
  union
  select edge.blocker, edge.blocked from edge join reached on edge.blocker = reached.blocked
)
select blocker, blocked from reached
""").bindparams(bindparam("plan_id", type_=Uuid()), bindparam("start", type_=Uuid()))
LOCK = text("select pg_advisory_xact_lock(hashtextextended('plan:' || :plan_id, 2))")


async def lock_edges(session: Transaction, plan_id: UUID) -> None:
    """Let one transaction at a time add edges to a plan, so that no two close a cycle between them."""
    await session.execute(LOCK, {"plan_id": str(plan_id)})


async def closing_path(
    session: Transaction, plan_id: UUID, blocker: UUID, blocked: UUID
) -> list[UUID] | None:
    """The path that leads from the blocked task back to its blocker; None when there is none.

    A cycle that the document states already is not in the way of an edge outside it.
    """
    rows = await session.execute(AFTER, {"plan_id": plan_id, "start": blocked})
    return _path(((row[0], row[1]) for row in rows), blocked, blocker)


def _path(edges: Iterable[tuple[UUID, UUID]], start: UUID, goal: UUID) -> list[UUID] | None:
    """The shortest way along the edges."""
    after: dict[UUID, list[UUID]] = defaultdict(list)
    for before, then in edges:
        after[before].append(then)
    came_from: dict[UUID, UUID | None] = {start: None}
    waiting = deque([start])
    while waiting:
        at = waiting.popleft()
        if at == goal:
            return _walked(came_from, at)
        for following in after[at]:
            if following not in came_from:
                came_from[following] = at
                waiting.append(following)
    return None


def _walked(came_from: dict[UUID, UUID | None], last: UUID) -> list[UUID]:
    path: list[UUID] = []
    at: UUID | None = last
    while at is not None:
        path.append(at)
        at = came_from[at]
    return path[::-1]
