from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import func, insert, select

from bedplate.domains.audit import Actor
from bedplate.domains.plans.document.values import holds
from bedplate.domains.plans.events.service import changed
from bedplate.domains.plans.models import Plan
from bedplate.domains.plans.phases.models import Phase
from bedplate.domains.plans.records.models import Criterion, Decision, Lesson, Measurement, Risk
from bedplate.domains.plans.records.schemas import (
    MeasurementView,
    NewCriterion,
    NewDecision,
    NewLesson,
    NewMeasurement,
    NewRisk,
)
from bedplate.domains.plans.rows import RowService
from bedplate.domains.plans.scope import same_plan
from bedplate.platform.db import Transaction, new_id, utcnow


class DecisionService(RowService[Decision]):
    """Decisions: taken, and replaced by later ones."""

    def __init__(self, session: Transaction) -> None:
        super().__init__(session, Decision, "decision")

    async def take(self, plan: Plan, new: NewDecision, actor: Actor) -> Decision:
        """Add a decision."""
        return await self.add(plan, await _numbered(self.session, Decision, plan.id, new), actor)

    async def supersede(self, old: Decision, new: NewDecision, user_id: UUID, actor: Actor) -> Decision:
        """Take a decision in the place of an earlier one."""
        plan = await self.plan(old.plan_id, user_id)
        successor = await self.take(plan, new, actor)
        await self.change(old, {"status": "superseded", "superseded_by": successor.id}, actor)
        return successor


class LessonService(RowService[Lesson]):
    """Lessons learned."""

    def __init__(self, session: Transaction) -> None:
        super().__init__(session, Lesson, "lesson")

    async def learn(self, plan: Plan, new: NewLesson, actor: Actor) -> Lesson:
        """Add a lesson."""
        return await self.add(plan, await _numbered(self.session, Lesson, plan.id, new), actor)


class _PhasedService[R: Risk | Criterion](RowService[R]):
    async def check(self, plan_id: UUID, values: dict[str, Any]) -> dict[str, Any]:
        """The values, once their phase is known to be the plan's."""
        await same_plan(self.session, Phase, values.get("phase_id"), plan_id, "/phase_id")
        return values


class RiskService(_PhasedService[Risk]):
    """Risks."""

    def __init__(self, session: Transaction) -> None:
        super().__init__(session, Risk, "risk")

    async def name(self, plan: Plan, new: NewRisk, actor: Actor) -> Risk:
        """Add a risk."""
        return await self.add(plan, await self.check(plan.id, msgspec.structs.asdict(new)), actor)


class CriterionService(_PhasedService[Criterion]):
    """Success criteria, and the measurements that move them."""

    def __init__(self, session: Transaction) -> None:
        super().__init__(session, Criterion, "criterion")

    async def set_up(self, plan: Plan, new: NewCriterion, actor: Actor) -> Criterion:
        """Add a criterion."""
        values = await self.check(plan.id, msgspec.structs.asdict(new))
        return await self.add(plan, {**values, "marker": "x" if new.met else " "}, actor)

    async def measure(self, criterion: Criterion, new: NewMeasurement, actor: Actor) -> MeasurementView:
        """Append a value; the newest one decides whether the criterion is met."""
        session = self.session
        measured = MeasurementView(
            id=new_id(),
            criterion_id=criterion.id,
            value=new.value,
            at=new.at or utcnow(),
            source=new.source,
            created_at=utcnow(),
        )
        values = {**msgspec.structs.asdict(measured), "team_id": criterion.team_id}
        await session.execute(insert(Measurement).values(plan_id=criterion.plan_id, **values))
        await self._follow(criterion)
        await changed(
            session, "criterion.measured", actor, plan_id=criterion.plan_id, team_id=criterion.team_id,
            resource=f"criterion:{criterion.id}", value=measured.value, met=criterion.met,
        )  # fmt: skip
        return measured

    async def _follow(self, criterion: Criterion) -> None:
        newest = select(Measurement.value).where(Measurement.criterion_id == criterion.id)
        newest = newest.order_by(Measurement.at.desc(), Measurement.id.desc()).limit(1)
        value = float(await self.session.scalar(newest) or 0.0)
        criterion.current = value
        if criterion.comparison is not None and criterion.target is not None:
            met = holds(criterion.comparison, value, criterion.target)  # pyright: ignore[reportArgumentType] - checked by the column
            if met != criterion.met:
                criterion.met, criterion.marker = met, "x" if met else " "
        await self.session.flush()


async def _numbered(
    session: Transaction, kind: type[Decision | Lesson], plan_id: UUID, new: NewDecision | NewLesson
) -> dict[str, Any]:
    values = msgspec.structs.asdict(new)
    if new.number is None:
        highest = await session.scalar(select(func.max(kind.number)).where(kind.plan_id == plan_id))
        values["number"] = (highest or 0) + 1
    return values
