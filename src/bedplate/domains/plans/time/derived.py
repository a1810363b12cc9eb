"""What the rows tell of days: the standup nobody had to write, progress, and the burndown."""

import datetime as dt
from uuid import UUID

from bedplate.domains.plans.caching import PLAN_TAG
from bedplate.domains.plans.document.analysis.readiness import blocked
from bedplate.domains.plans.insight.service import plan_graph
from bedplate.domains.plans.time.reads import (
    CLOSED_THAT_DAY,
    MOVES,
    PROGRESS,
    SIZES,
    STANDUP_ITEMS,
    TaskSize,
)
from bedplate.domains.plans.time.schemas import (
    BurndownDay,
    Progress,
    StandupItemView,
    StandupView,
)
from bedplate.platform.cache import cached_query
from bedplate.platform.db import ReadPool, utcnow

SHUT = frozenset({"completed", "cancelled", "deferred"})
MOST_DAYS = 366


async def said_standup(reads: ReadPool, plan_id: UUID, day: dt.date) -> StandupView:
    """What people said on a day."""
    return StandupView(day, await STANDUP_ITEMS.all(reads, plan_id=plan_id, day=day))


async def derived_standup(reads: ReadPool, plan_id: UUID, day: dt.date) -> StandupView:
    """What was completed on a day, and, as of now, what is worked on and what waits for what."""
    start = dt.datetime.combine(day, dt.time(), dt.UTC)
    end = start + dt.timedelta(days=1)
    items = await CLOSED_THAT_DAY.all(reads, plan_id=plan_id, start=start, end=end)
    plan = await plan_graph(reads, plan_id)
    for ref, vertex in plan.graph.vertices.items():
        if vertex.state in {"in_progress", "in_review"} and not vertex.drawn_only:
            items.append(StandupItemView("today", vertex.label, plan.ids[ref], None))
    for ref, blockers in blocked(plan.graph).items():
        names = ", ".join(plan.graph.vertices[blocker].label for blocker in blockers)
        text = f"{plan.graph.vertices[ref].label} waits for {names}"
        items.append(StandupItemView("blocker", text, plan.ids[ref], None))
    return StandupView(day, items)


async def progress_of(reads: ReadPool, plan_id: UUID) -> Progress:
    """How far each phase is."""
    phases = await PROGRESS.all(reads, plan_id=plan_id)
    tasks, closed = sum(phase.tasks for phase in phases), sum(phase.closed for phase in phases)
    shown = [phase for phase in phases if phase.phase_id is not None or phase.tasks or phase.minutes_spent]
    return Progress(round(100 * closed / tasks, 1) if tasks else None, shown)


@cached_query(300, result=list[BurndownDay], tags=(PLAN_TAG,), name="burndown")
async def burndown_of(reads: ReadPool, *, plan_id: UUID, first: dt.date, last: dt.date) -> list[BurndownDay]:
    """What was open at the end of each day: today's states, walked back over the transitions."""
    sizes = [size for size in await SIZES.all(reads, plan_id=plan_id) if size.kind != "epic"]
    since = dt.datetime.combine(first, dt.time(), dt.UTC)
    moves = await MOVES.all(reads, plan_id=plan_id, since=since)
    states = {size.id: size.state for size in sizes}
    days: list[BurndownDay] = []
    day = max(last, utcnow().date())
    while day >= first:
        end = dt.datetime.combine(day, dt.time(), dt.UTC) + dt.timedelta(days=1)
        while moves and moves[0].at >= end:
            move = moves.pop(0)
            states[move.task_id] = move.from_state
        if day <= last:
            days.append(_day(day, end, sizes, states))
        day -= dt.timedelta(days=1)
    return days[::-1]


def _day(day: dt.date, end: dt.datetime, sizes: list[TaskSize], states: dict[UUID, str]) -> BurndownDay:
    open_tasks = [size for size in sizes if size.created_at < end and states[size.id] not in SHUT]
    return BurndownDay(
        day,
        len(open_tasks),
        sum(size.effort_min for size in open_tasks),
        sum(size.effort_max for size in open_tasks),
    )
