import asyncio
import hashlib
from uuid import UUID

from bedplate.domains.audit import Actor
from bedplate.domains.plans.document.merging.pairing import pair
from bedplate.domains.plans.document.writing.compose import compose
from bedplate.domains.plans.document.writing.writer import Rendering, export
from bedplate.domains.plans.events.service import changed
from bedplate.domains.plans.models import Plan
from bedplate.domains.plans.revisions.content import EVERYTHING, Loaded
from bedplate.domains.plans.revisions.parsing import off_loop, parsed
from bedplate.domains.plans.revisions.schemas import ExportResult
from bedplate.domains.plans.revisions.settling import settle
from bedplate.domains.plans.revisions.shapes import GROUPS
from bedplate.domains.plans.revisions.store import add_document, lock_plan, raw_revision
from bedplate.platform.db import Transaction


class ExportService:
    """Writes what the rows say into the newest document, or a first one for a plan that has none."""

    def __init__(self, session: Transaction) -> None:
        self._session = session

    async def run(self, plan_id: UUID, actor: Actor) -> ExportResult:
        """Export; while nothing has changed, the revision there is stands for it.

        Raises:
            PlanNotFound: the plan was removed.
        """
        session = self._session
        plan = await lock_plan(session, plan_id)
        stored = await raw_revision(session, plan)
        ours = await EVERYTHING.in_transaction(session, plan.id)
        if stored is None:
            rendering = Rendering(await asyncio.to_thread(compose, ours.content))
        else:
            rendering = await _rendered(stored[1], ours)
            if rendering.data == stored[1]:
                return self._result(plan, stored[0], rendering)
        document_id = await self._keep(plan, rendering.data, ours, actor)
        await changed(
            session, "plan.exported", actor, plan_id=plan.id, team_id=plan.team_id,
            document_id=str(document_id), revision=plan.revision,
        )  # fmt: skip
        return self._result(plan, document_id, rendering)

    async def _keep(self, plan: Plan, data: bytes, ours: Loaded, actor: Actor) -> UUID:
        session = self._session
        plan.revision += 1
        await session.flush()
        document_id = await add_document(session, plan, data, "export", actor.user_id, plan.revision)
        document = await parsed(data)
        pairs = pair(ours.content, document.content)
        ids = {new: ours.ids[old] for new, old in pairs.items() if old in ours.ids}
        states = {task.ref: task.state for task in ours.content.tasks}
        by_new_ref = {new: states[old] for new, old in pairs.items() if old in states}
        await settle(session, plan, document_id, document, before=ours, ids=ids, states=by_new_ref)
        return document_id

    def _result(self, plan: Plan, document_id: UUID, rendering: Rendering) -> ExportResult:
        return ExportResult(
            document_id=document_id,
            revision=plan.revision,
            sha256=hashlib.sha256(rendering.data).hexdigest(),
            size=len(rendering.data),
            unwritten=[(ref, name) for ref, name in rendering.unwritten][:100],
        )


async def _rendered(raw: bytes, ours: Loaded) -> Rendering:
    document = await parsed(raw)
    return await off_loop(len(raw), export, document, ours.content, groups=GROUPS)
