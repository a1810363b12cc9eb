from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert

from bedplate.domains.plans.bulk import insert_rows
from bedplate.domains.plans.document.entities import Content
from bedplate.domains.plans.models import Plan
from bedplate.domains.plans.time.models import Standup, StandupItem
from bedplate.platform.db import Transaction, new_id, utcnow


async def keep_stated_standup(
    session: Transaction, plan: Plan, content: Content, ids: Mapping[str, UUID], author_id: UUID | None
) -> None:
    """Keep a document's standup as its importer's, of the day on which the document was last updated."""
    if author_id is None or not content.standups:
        return
    day = content.plan.document_updated_on or utcnow().date()
    of_plan = {"team_id": plan.team_id, "plan_id": plan.id}
    statement = insert(Standup).values(id=new_id(), day=day, author_id=author_id, **of_plan)
    standup_id = await session.scalar(
        statement.on_conflict_do_update(
            index_elements=["plan_id", "day", "author_id"],
            set_={"updated_at": utcnow(), "version": Standup.version + 1},
        ).returning(Standup.id)
    )
    await session.execute(delete(StandupItem).where(StandupItem.standup_id == standup_id))
    rows = [
        {
            "id": new_id(),
            **of_plan,
            "standup_id": standup_id,
            "position": position,
            "kind": stated.kind,
            "text": stated.text,
            "task_id": ids.get(stated.task or ""),
        }
        for position, stated in enumerate(content.standups)
    ]
    await insert_rows(session, StandupItem, rows)
