from uuid import UUID

from sqlalchemy import delete, select

from bedplate.domains.audit import Actor
from bedplate.domains.plans.tasks.checklist import change_item, new_items, touch
from bedplate.domains.plans.tasks.models import ChecklistItem, Task
from bedplate.domains.plans.tasks.schemas import ItemPatch, ItemView, NewItem
from bedplate.domains.plans.tasks.service import TaskService
from bedplate.platform.db import Transaction
from bedplate.platform.errors import NotFound


class ItemService:
    """The boxes of a task, one at a time; the task's version moves with them."""

    def __init__(self, session: Transaction) -> None:
        self._session = session
        self._tasks = TaskService(session)

    async def add(self, task_id: UUID, new: NewItem, user_id: UUID, actor: Actor) -> ItemView:
        """Add a box at the end."""
        task = await self._tasks.to_change(task_id, user_id)
        [item] = await new_items(self._session, task, [new])
        await self._tasks.tell("item.created", task, actor, item=str(item.id))
        return _view(item)

    async def to_change(self, task_id: UUID, item_id: UUID, user_id: UUID) -> tuple[Task, ChecklistItem]:
        """Lock a task, and find one of its boxes.

        Raises:
            NotFound: the task is in none of the person's teams, or has no such box.
        """
        task = await self._tasks.to_change(task_id, user_id)
        statement = select(ChecklistItem).where(ChecklistItem.id == item_id, ChecklistItem.task_id == task_id)
        item = await self._session.scalar(statement)
        if item is None:
            raise NotFound
        return task, item

    async def change(self, task: Task, item: ChecklistItem, patch: ItemPatch, actor: Actor) -> ItemView:
        """Tick a box, or change its text."""
        change_item(item, patch)
        touch(task)
        await self._session.flush()
        await self._tasks.tell("item.updated", task, actor, item=str(item.id))
        return _view(item)

    async def remove(self, task: Task, item: ChecklistItem, actor: Actor) -> None:
        """Remove a box."""
        touch(task)
        await self._session.execute(delete(ChecklistItem).where(ChecklistItem.id == item.id))
        await self._session.flush()
        await self._tasks.tell("item.deleted", task, actor, item=str(item.id))


def _view(item: ChecklistItem) -> ItemView:
    return ItemView(**{name: getattr(item, name) for name in ItemView.__struct_fields__})
