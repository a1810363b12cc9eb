from uuid import UUID

import msgspec
from sqlalchemy import update

from bedplate.domains.audit import Actor
from bedplate.domains.plans.document import Document, findings
from bedplate.domains.plans.document.entities import Content
from bedplate.domains.plans.document.errors import MergeConflict
from bedplate.domains.plans.document.merging.merge import Conflict, Merge, OnConflict, merge
from bedplate.domains.plans.events.service import changed
from bedplate.domains.plans.models import Plan
from bedplate.domains.plans.revisions.applying import Applied, apply
from bedplate.domains.plans.revisions.content import EVERYTHING, Loaded
from bedplate.domains.plans.revisions.models import StoredDocument
from bedplate.domains.plans.revisions.parsing import off_loop, parsed
from bedplate.domains.plans.revisions.schemas import ConflictView, ImportResult
from bedplate.domains.plans.revisions.settling import settle
from bedplate.domains.plans.revisions.shapes import GROUPS
from bedplate.domains.plans.revisions.store import lock_plan, raw_document, raw_revision, revision_of
from bedplate.domains.plans.time.stated import keep_stated_standup
from bedplate.platform.db import Transaction
from bedplate.platform.errors import Conflict as Refused
from bedplate.platform.errors import NotFound

SHOWN = 100


class ImportConflict(Refused):
    code, title = "import_conflict", "Document and data changed the same things"


class ImportService:
    """Takes an uploaded document into a plan: merged three ways, all of it or nothing."""

    def __init__(self, session: Transaction) -> None:
        self._session = session

    async def run(
        self, plan_id: UUID, document_id: UUID, on_conflict: OnConflict, *, dry_run: bool, actor: Actor
    ) -> ImportResult:
        """Import; a document that was taken in already, by an attempt whose end was lost, changes nothing more.

        Raises:
            NotFound: plan or document were removed.
            NotUtf8: the bytes are not UTF-8.
            ImportConflict: there are conflicts, and `on_conflict` is fail.
        """
        session = self._session
        raw = await raw_document(session, document_id)
        if raw is None:
            raise NotFound("The uploaded document was removed")
        document = await parsed(raw)
        # Locked only now: a large document takes seconds to read, and others may write meanwhile.
        plan = await lock_plan(session, plan_id)
        taken_in = await revision_of(session, document_id)
        base = await self._base(plan)
        ours = await EVERYTHING.in_transaction(session, plan.id)
        merged = await off_loop(len(raw), _merged, base, ours.content, document.content, on_conflict)
        found = len(await off_loop(len(raw), findings, document.content))
        if dry_run or taken_in is not None:
            return _report(document, document_id, plan, merged, _foreseen(merged), found, dry_run=dry_run)
        applied = await apply(session, plan, ours, document.content, merged, actor)
        await self._take_in(plan, document_id, document, merged, ours, applied)
        await changed(
            session, "plan.imported", actor, plan_id=plan.id, team_id=plan.team_id,
            document_id=str(document_id), created=applied.created, changed=applied.changed,
            deleted=applied.deleted, conflicts=len(merged.conflicts),
        )  # fmt: skip
        await keep_stated_standup(session, plan, document.content, applied.ids, actor.user_id)
        return _report(document, document_id, plan, merged, applied, found, dry_run=False)

    async def _base(self, plan: Plan) -> Content | None:
        stored = await raw_revision(self._session, plan)
        return (await parsed(stored[1])).content if stored else None

    async def _take_in(
        self,
        plan: Plan,
        document_id: UUID,
        document: Document,
        merged: Merge,
        ours: Loaded,
        applied: Applied,
    ) -> None:
        plan.revision += 1
        await self._session.flush()
        await self._session.execute(
            update(StoredDocument).where(StoredDocument.id == document_id).values(revision=plan.revision)
        )
        states = _states(ours.content, merged)
        await settle(
            self._session, plan, document_id, document, before=ours, ids=applied.ids, fresh=applied.fresh,
            states=states,
        )  # fmt: skip


def _merged(base: Content | None, ours: Content, theirs: Content, on_conflict: OnConflict) -> Merge:
    try:
        return merge(base, ours, theirs, on_conflict=on_conflict, groups=GROUPS)
    except MergeConflict as error:
        conflicts = [each for each in error.conflicts if isinstance(each, Conflict)]
        shown = ", ".join(f"{each.ours or each.theirs} {each.field}".strip() for each in conflicts[:5])
        message = f"{len(conflicts)} conflicts between the document and the data: {shown}"
        raise ImportConflict(message) from error


def _states(ours: Content, merged: Merge) -> dict[str, str]:
    """Tasks' states as the data keeps them, by the document's refs."""
    mine = {task.ref: task.state for task in ours.tasks}
    for operation in merged.operations:
        values = getattr(operation, "values", None)
        if isinstance(values, dict) and "state" in values:
            mine.pop(getattr(operation, "ours", ""), None)
    return {theirs: mine[ref] for theirs, ref in merged.pairs.items() if ref in mine}


def _foreseen(merged: Merge) -> Applied:
    kinds = [type(operation).__name__ for operation in merged.operations]
    return Applied(
        created=kinds.count("Create"), changed=kinds.count("Modify"), deleted=kinds.count("Delete")
    )


def _report(
    document: Document,
    document_id: UUID,
    plan: Plan,
    merged: Merge,
    applied: Applied,
    found: int,
    *,
    dry_run: bool,
) -> ImportResult:
    report = document.report
    return ImportResult(
        document_id=document_id,
        revision=plan.revision,
        sha256=document.sha256,
        dry_run=dry_run,
        boxes=report.boxes,
        counts=report.counts,
        created=applied.created,
        changed=applied.changed,
        deleted=applied.deleted,
        skipped=applied.skipped,
        conflict_count=len(merged.conflicts),
        conflicts=[_conflict(each) for each in merged.conflicts[:SHOWN]],
        finding_count=found,
        unread_lines=report.unread_lines,
        unread=list(report.unread[:SHOWN]),
    )


def _conflict(conflict: Conflict) -> ConflictView:
    return ConflictView(
        entity=conflict.ours or conflict.theirs or "",
        field=conflict.field,
        base=_short(conflict.base_value),
        ours=_short(conflict.our_value),
        theirs=_short(conflict.their_value),
        outcome=conflict.outcome,
    )


def _short(value: object) -> object:
    return value[:500] if isinstance(value, str) else msgspec.to_builtins(value)
