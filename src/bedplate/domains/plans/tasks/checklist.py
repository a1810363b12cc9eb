from collections.abc import Sequence
from uuid import UUID

from msgspec import UNSET
from sqlalchemy import func, select

from bedplate.domains.plans.errors import OtherPlan
from bedplate.domains.plans.tasks.models import ChecklistItem, Task
from bedplate.domains.plans.tasks.schemas import ItemChange, ItemPatch, NewItem
from bedplate.platform.db import Transaction, new_id, utcnow
from bedplate.platform.errors import invalid


async def new_items(session: Transaction, task: Task, items: Sequence[NewItem]) -> list[ChecklistItem]:
    """Put boxes at the end of a task's checklist."""
    if not items:
        return []
    last = await session.scalar(
        select(func.max(ChecklistItem.position)).where(ChecklistItem.task_id == task.id)
    )
    first = 0 if last is None else last + 1
    rows = [_row(task, item, first + place) for place, item in enumerate(items)]
    session.add_all(rows)
    touch(task)
    await session.flush()
    return rows


async def change_items(session: Transaction, task: Task, changes: Sequence[ItemChange]) -> None:
    """Change the items that are named, and add those that are not.

    Raises:
        OtherPlan: an item is not the task's.
        Invalid: a new item has no text.
    """
    named = [change.id for change in changes if change.id is not None]
    found = await session.scalars(
        select(ChecklistItem).where(ChecklistItem.task_id == task.id, ChecklistItem.id.in_(named))
    )
    known: dict[UUID, ChecklistItem] = {item.id: item for item in found}
    fresh: list[NewItem] = []
    for place, change in enumerate(changes):
        if change.id is None:
            if change.text is UNSET:
                raise invalid(f"/checklist/{place}/text", "required", "A new item needs a text")
            fresh.append(NewItem(change.text, done=change.done is True))
        elif change.id not in known:
            raise OtherPlan(f"/checklist/{place}/id")
        else:
            change_item(known[change.id], change)
    touch(task)
    await session.flush()
    await new_items(session, task, fresh)


def change_item(item: ChecklistItem, change: ItemChange | ItemPatch) -> None:
    """Change an item's text or tick."""
    if change.text is not UNSET:
        item.text = change.text
    if change.done is not UNSET and change.done != item.done:
        item.done = change.done
        item.marker = "x" if change.done else " "


def touch(task: Task) -> None:
    """Move the version of a task whose checklist changed: the ETag speaks for both."""
    task.updated_at = utcnow()


def _row(task: Task, item: NewItem, position: int) -> ChecklistItem:
    item_id = new_id()
    return ChecklistItem(
        id=item_id,
        team_id=task.team_id,
        plan_id=task.plan_id,
        task_id=task.id,
        ref=f"row:{item_id}",
        position=position,
        text=item.text,
        done=item.done,
        marker="x" if item.done else " ",
    )
