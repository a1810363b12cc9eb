from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from bedplate.platform.jobs.enqueue import Order, make_order, write
from bedplate.platform.jobs.tasks import Task
from bedplate.platform.telemetry import begun


class Step(msgspec.Struct, frozen=True):
    """A job of a workflow."""

    task: Task[Any]
    payload: msgspec.Struct


async def chain(
    session: AsyncSession,
    steps: Sequence[Step],
    *,
    owner_id: UUID | None = None,
    team_id: UUID | None = None,
    parent_id: UUID | None = None,
) -> list[UUID]:
    """Enqueue jobs that run one after another; when one does not succeed, those after it are cancelled.

    Each reads its forerunner's result by `ctx.joined()`. Returns their ids in order.
    """
    with begun("enqueue chain", "producer", **{"messaging.batch.message_count": len(steps)}):
        orders: list[Order] = []
        following: UUID | None = None
        for place in range(len(steps) - 1, -1, -1):
            order = make_order(
                steps[place].task,
                steps[place].payload,
                owner_id=owner_id,
                team_id=team_id,
                parent_id=parent_id,
                join_id=following,
                waiting=place > 0,
            )
            orders.append(order)
            following = order.id
        await write(session, orders)
        return [order.id for order in reversed(orders)]


async def fan_out(
    session: AsyncSession,
    members: Sequence[Step],
    then: Step,
    *,
    owner_id: UUID | None = None,
    team_id: UUID | None = None,
    parent_id: UUID | None = None,
) -> UUID:
    """Enqueue jobs that run side by side, and one that runs when all of them have succeeded.

    It reads their results by `ctx.joined()`, and is cancelled when one of them does not succeed. The
    members are its children, so that cancelling it cancels them. Returns its id.
    """
    count = len(members) + 1
    with begun("enqueue fan-out", "producer", **{"messaging.batch.message_count": count}):
        join = make_order(
            then.task,
            then.payload,
            owner_id=owner_id,
            team_id=team_id,
            parent_id=parent_id,
            waiting=bool(members),
        )
        children = [
            make_order(
                m.task, m.payload, owner_id=owner_id, team_id=team_id, parent_id=join.id, join_id=join.id
            )
            for m in members
        ]
        await write(session, [join, *children])
        return join.id
