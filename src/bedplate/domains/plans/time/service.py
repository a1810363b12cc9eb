from datetime import date
from uuid import UUID

import msgspec
from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert

from bedplate.domains.audit import Actor
from bedplate.domains.plans.bulk import insert_rows
from bedplate.domains.plans.events.service import changed
from bedplate.domains.plans.models import Plan
from bedplate.domains.plans.phases.models import Phase
from bedplate.domains.plans.scope import plan_to_change, row_to_change, same_plan
from bedplate.domains.plans.tasks.models import Task
from bedplate.domains.plans.time.models import Standup, StandupItem, TimeEntry
from bedplate.domains.plans.time.schemas import NewTimeEntry, StandupBody, TimeEntryView
from bedplate.platform.db import Transaction, new_id, utcnow
from bedplate.platform.errors import invalid


class TimeService:
    """Time spent, and what people say of their days."""

    def __init__(self, session: Transaction) -> None:
        self._session = session

    async def spend(self, plan_id: UUID, new: NewTimeEntry, user_id: UUID, actor: Actor) -> TimeEntryView:
        """Enter time.

        Raises:
            Invalid: both a task and a phase are named.
            OtherPlan: the one named is not the plan's.
        """
        session = self._session
        plan = await plan_to_change(session, plan_id, user_id)
        if new.task_id is not None and new.phase_id is not None:
            raise invalid("/phase_id", "exclusive", "Name a task or a phase, not both")
        await same_plan(session, Task, new.task_id, plan_id, "/task_id")
        await same_plan(session, Phase, new.phase_id, plan_id, "/phase_id")
        fields = {**msgspec.structs.asdict(new), "started_at": new.started_at or utcnow()}
        entry = TimeEntry(id=new_id(), team_id=plan.team_id, plan_id=plan_id, user_id=user_id, **fields)
        session.add(entry)
        await session.flush()
        await self._tell("time.entered", plan, f"time-entry:{entry.id}", actor)
        return TimeEntryView(**{name: getattr(entry, name) for name in TimeEntryView.__struct_fields__})

    async def to_change(self, entry_id: UUID, user_id: UUID) -> TimeEntry:
        """Lock an entry.

        Raises:
            NotFound: it is in none of the person's teams, or nowhere.
        """
        return await row_to_change(self._session, TimeEntry, entry_id, user_id)

    async def remove(self, entry: TimeEntry, actor: Actor) -> None:
        """Take an entry back."""
        resource = f"time-entry:{entry.id}"
        await changed(
            self._session,
            "time.removed",
            actor,
            plan_id=entry.plan_id,
            team_id=entry.team_id,
            resource=resource,
        )
        await self._session.execute(delete(TimeEntry).where(TimeEntry.id == entry.id))

    async def stand_up(
        self, plan_id: UUID, day: date, body: StandupBody, user_id: UUID, actor: Actor
    ) -> None:
        """Say what one did on a day, in place of what one said before.

        Raises:
            OtherPlan: an item names a task that is not the plan's.
        """
        session = self._session
        plan = await plan_to_change(session, plan_id, user_id)
        for place, item in enumerate(body.items):
            await same_plan(session, Task, item.task_id, plan_id, f"/items/{place}/task_id")
        standup_id = await keep_standup(session, plan, day, user_id)
        rows = [
            {
                "id": new_id(),
                "team_id": plan.team_id,
                "plan_id": plan_id,
                "standup_id": standup_id,
                "position": position,
                **msgspec.structs.asdict(item),
            }
            for position, item in enumerate(body.items)
        ]
        await insert_rows(session, StandupItem, rows)
        await self._tell("standup.kept", plan, f"standup:{standup_id}", actor)

    async def _tell(self, event: str, plan: Plan, resource: str, actor: Actor) -> None:
        await changed(self._session, event, actor, plan_id=plan.id, team_id=plan.team_id, resource=resource)


async def keep_standup(session: Transaction, plan: Plan, day: date, author_id: UUID) -> UUID:
    """The standup of a day and an author, emptied; made where there was none."""
    statement = insert(Standup).values(
        id=new_id(), team_id=plan.team_id, plan_id=plan.id, day=day, author_id=author_id
    )
    kept = statement.on_conflict_do_update(
        index_elements=["plan_id", "day", "author_id"],
        set_={"updated_at": utcnow(), "version": Standup.version + 1},
    ).returning(Standup.id)
    standup_id = (await session.execute(kept)).scalar_one()
    await session.execute(delete(StandupItem).where(StandupItem.standup_id == standup_id))
    return standup_id
