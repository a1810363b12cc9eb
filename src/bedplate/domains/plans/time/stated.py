from collections.abc import Mapping
from uuid import UUID

from bedplate.domains.plans.bulk import insert_rows
from bedplate.domains.plans.document.entities import Content
from bedplate.domains.plans.models import Plan
from bedplate.domains.plans.time.models import StandupItem
from bedplate.domains.plans.time.service import keep_standup
from bedplate.platform.db import Transaction, new_id, utcnow


async def keep_stated_standup(
    session: Transaction, plan: Plan, content: Content, ids: Mapping[str, UUID], author_id: UUID | None
) -> None:
    """Keep a document's standup as its importer's, of the day on which the document was last updated."""
    if author_id is None or not content.standups:
        return
    day = content.plan.document_updated_on or utcnow().date()
    standup_id = await keep_standup(session, plan, day, author_id)
    rows = [
        {
            "id": new_id(),
            "team_id": plan.team_id,
            "plan_id": plan.id,
            "standup_id": standup_id,
            "position": position,
            "kind": stated.kind,
            "text": stated.text,
            "task_id": ids.get(stated.task or ""),
        }
        for position, stated in enumerate(content.standups)
    ]
    await insert_rows(session, StandupItem, rows)
