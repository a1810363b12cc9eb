from collections import Counter
from uuid import UUID, uuid5

import msgspec
from sqlalchemy import bindparam, delete, select
from sqlalchemy.dialects.postgresql import insert

from bedplate.domains.audit import Actor
from bedplate.domains.plans.caching import PLAN_TAG
from bedplate.domains.plans.document import findings
from bedplate.domains.plans.document.analysis.finding import Finding
from bedplate.domains.plans.errors import FindingNotFound
from bedplate.domains.plans.events.service import changed
from bedplate.domains.plans.insight.models import Waiver
from bedplate.domains.plans.insight.schemas import FindingView
from bedplate.domains.plans.revisions.content import EVERYTHING, Loaded
from bedplate.domains.plans.scope import plan_to_change
from bedplate.platform.cache import cached_query
from bedplate.platform.db import Read, ReadPool, Transaction, new_id


class WaiverRow(msgspec.Struct):
    finding_id: UUID
    waived_by: UUID | None
    waived_reason: str


WAIVERS = Read(
    select(Waiver.finding_id, Waiver.waived_by, Waiver.waived_reason).where(
        Waiver.plan_id == bindparam("plan_id")
    ),
    WaiverRow,
)


@cached_query(300, result=list[FindingView], tags=(PLAN_TAG,), name="plan_findings")
async def plan_findings(reads: ReadPool, *, plan_id: UUID) -> list[FindingView]:
    """The findings of a plan that the caller may see, in document order, with who waived which."""
    loaded = await EVERYTHING.read(reads, plan_id)
    waived = {row.finding_id: row for row in await WAIVERS.all(reads, plan_id=plan_id)}
    found = _views(plan_id, loaded)
    for view in found:
        if (waiver := waived.get(view.id)) is not None:
            view.waived_by, view.waived_reason = waiver.waived_by, waiver.waived_reason
    return found


class WaiverService:
    """Who answers for which finding."""

    def __init__(self, session: Transaction) -> None:
        self._session = session

    async def waive(
        self, plan_id: UUID, finding_id: UUID, reason: str, user_id: UUID, actor: Actor
    ) -> FindingView:
        """Answer for a finding; doing it again replaces the reason.

        Raises:
            FindingNotFound: the plan has no such finding now.
        """
        session = self._session
        plan = await plan_to_change(session, plan_id, user_id)
        found = _views(plan_id, await EVERYTHING.in_transaction(session, plan_id))
        view = next((each for each in found if each.id == finding_id), None)
        if view is None:
            raise FindingNotFound
        values = {"waived_by": user_id, "waived_reason": reason}
        statement = insert(Waiver).values(
            id=new_id(),
            team_id=plan.team_id,
            plan_id=plan_id,
            finding_id=finding_id,
            code=view.code,
            entity=view.entity,
            **values,
        )
        target = ["plan_id", "finding_id"]
        await session.execute(statement.on_conflict_do_update(index_elements=target, set_=values))
        await self._tell("finding.waived", plan_id, plan.team_id, finding_id, actor)
        view.waived_by, view.waived_reason = user_id, reason
        return view

    async def restore(self, plan_id: UUID, finding_id: UUID, user_id: UUID, actor: Actor) -> None:
        """Take a waiver back.

        Raises:
            FindingNotFound: there is none.
        """
        plan = await plan_to_change(self._session, plan_id, user_id)
        gone = await self._session.scalar(
            delete(Waiver)
            .where(Waiver.plan_id == plan_id, Waiver.finding_id == finding_id)
            .returning(Waiver.id)
        )
        if gone is None:
            raise FindingNotFound
        await self._tell("finding.restored", plan_id, plan.team_id, finding_id, actor)

    async def _tell(self, event: str, plan_id: UUID, team_id: UUID, finding_id: UUID, actor: Actor) -> None:
        resource = f"finding:{finding_id}"
        await changed(self._session, event, actor, plan_id=plan_id, team_id=team_id, resource=resource)


def _views(plan_id: UUID, loaded: Loaded) -> list[FindingView]:
    seen: Counter[tuple[str, str]] = Counter()
    views: list[FindingView] = []
    for finding in findings(loaded.content):
        seen[finding.code, finding.entity] += 1
        views.append(_view(plan_id, finding, seen[finding.code, finding.entity], loaded))
    return views


def _view(plan_id: UUID, finding: Finding, count: int, loaded: Loaded) -> FindingView:
    return FindingView(
        id=uuid5(plan_id, f"{finding.code}\0{finding.entity}\0{count}"),
        code=finding.code,
        severity=finding.severity,
        entity=finding.entity,
        entity_id=loaded.ids.get(finding.entity),
        message=finding.message,
        line=finding.line,
    )
