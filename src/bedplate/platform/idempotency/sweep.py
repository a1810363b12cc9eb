import datetime as dt

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bedplate.platform.db import utcnow
from bedplate.platform.idempotency.models import IdempotencyKey

KEPT = dt.timedelta(hours=24)


async def sweep(session: AsyncSession) -> int:
    """Forget answers over a day old; returns how many."""
    old = IdempotencyKey.created_at < utcnow() - KEPT
    count = await session.scalar(select(func.count()).select_from(IdempotencyKey).where(old)) or 0
    await session.execute(delete(IdempotencyKey).where(old))
    return count
