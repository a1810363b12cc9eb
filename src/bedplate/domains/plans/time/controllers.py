import datetime as dt
from typing import Annotated, Any
from uuid import UUID

from litestar import Controller, Request, Response, delete, get, post, put
from litestar.params import QueryParameter

from bedplate.domains.audit import Actor
from bedplate.domains.plans.access import READ, WRITE
from bedplate.domains.plans.caching import OF_PLAN
from bedplate.domains.plans.reads import visible_plan
from bedplate.domains.plans.time.derived import (
    MOST_DAYS,
    burndown_of,
    derived_standup,
    progress_of,
    said_standup,
)
from bedplate.domains.plans.time.reads import TIME_ENTRIES
from bedplate.domains.plans.time.schemas import (
    BurndownDay,
    NewTimeEntry,
    Progress,
    StandupBody,
    StandupView,
    TimeEntryView,
)
from bedplate.domains.plans.time.service import TimeService
from bedplate.platform.auth.caller import Caller
from bedplate.platform.cache import Cache
from bedplate.platform.db import Page, PageQuery, ReadPool, Transaction, computed_page, utcnow
from bedplate.platform.errors import invalid
from bedplate.platform.http.answers import created, paged
from bedplate.platform.http.conditional import IF_MATCH, check_if_match

DEFAULT_DAYS = 30


class TimeController(Controller):
    """Time spent, standups, progress."""

    path = "/v1/plans/{plan_id:uuid}"
    tags = ("time",)

    @get("/time-entries", access=READ)
    async def list_time_entries(
        self,
        request: Request[Any, Any, Any],
        plan_id: UUID,
        caller: Caller,
        reads: ReadPool,
        page: PageQuery,
        task: UUID | None = None,
        phase: UUID | None = None,
        user: UUID | None = None,
        since: dt.datetime | None = None,
        until: dt.datetime | None = None,
    ) -> Response[Page[TimeEntryView]]:
        """List time entered, the latest first."""
        found = await TIME_ENTRIES.page(
            reads,
            page,
            user_id=caller.user_id,
            plan_id=plan_id,
            task=task,
            phase=phase,
            user=user,
            since=since,
            until=until,
        )
        if not found.items:
            await visible_plan(reads, plan_id, caller.user_id)
        return paged(request, found)

    @post("/time-entries", access=WRITE)
    async def create_time_entry(
        self, plan_id: UUID, data: NewTimeEntry, caller: Caller, db: Transaction, actor: Actor
    ) -> Response[TimeEntryView]:
        """Enter time on a task, on a phase, or on the plan."""
        entry = await TimeService(db).spend(plan_id, data, caller.user_id, actor)
        return created(entry, f"/v1/time-entries/{entry.id}", version=entry.version)

    @get("/standup", access=READ)
    async def show_derived_standup(
        self,
        plan_id: UUID,
        caller: Caller,
        reads: ReadPool,
        day: Annotated[dt.date | None, QueryParameter(name="date", description="Default: today, UTC")] = None,
    ) -> StandupView:
        """Show the standup that follows from the data: completed that day, in progress, blocked."""
        await visible_plan(reads, plan_id, caller.user_id)
        return await derived_standup(reads, plan_id, day or utcnow().date())

    @get("/standups/{day:date}", access=READ)
    async def show_standup(self, plan_id: UUID, day: dt.date, caller: Caller, reads: ReadPool) -> StandupView:
        """Show what people said on a day."""
        await visible_plan(reads, plan_id, caller.user_id)
        return await said_standup(reads, plan_id, day)

    @put("/standups/{day:date}", access=WRITE)
    async def keep_standup(
        self, plan_id: UUID, day: dt.date, data: StandupBody, caller: Caller, db: Transaction, actor: Actor
    ) -> StandupBody:
        """Say what one did, does and is held up by, in place of what one said before of that day."""
        await TimeService(db).stand_up(plan_id, day, data, caller.user_id, actor)
        return data

    @get("/progress", access=READ, cached=OF_PLAN)
    async def show_progress(self, plan_id: UUID, caller: Caller, reads: ReadPool) -> Progress:
        """Show how far each phase is."""
        await visible_plan(reads, plan_id, caller.user_id)
        return await progress_of(reads, plan_id)

    @get("/burndown", access=READ)
    async def show_burndown(
        self,
        plan_id: UUID,
        caller: Caller,
        reads: ReadPool,
        cache: Cache,
        request: Request[Any, Any, Any],
        page: PageQuery,
        since: dt.date | None = None,
        until: dt.date | None = None,
    ) -> Response[Page[BurndownDay]]:
        """Show what was open at the end of each day (UTC); the last thirty days unless told."""
        last = until or utcnow().date()
        first = since or last - dt.timedelta(days=DEFAULT_DAYS - 1)
        if not 0 <= (last - first).days < MOST_DAYS:
            raise invalid("/since", "range", f"Ask for one to {MOST_DAYS} days, the first before the last")
        # By its days and not by its address: which days an answer to no query shows changes at midnight.
        await visible_plan(reads, plan_id, caller.user_id)
        days = await burndown_of(cache, reads, plan_id=plan_id, first=first, last=last)
        name = f"burndown {plan_id} {first} {last}"
        return paged(request, computed_page(page, name, days, lambda each: each.day))


class TimeEntryController(Controller):
    """A time entry."""

    path = "/v1/time-entries/{entry_id:uuid}"
    tags = ("time",)

    @delete("/", access=WRITE)
    async def delete_time_entry(
        self,
        entry_id: UUID,
        caller: Caller,
        db: Transaction,
        actor: Actor,
        if_match: Annotated[str | None, IF_MATCH] = None,
    ) -> None:
        """Take an entry back."""
        service = TimeService(db)
        entry = await service.to_change(entry_id, caller.user_id)
        check_if_match(if_match, entry.version)
        await service.remove(entry, actor)
