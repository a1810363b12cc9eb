import math
from uuid import UUID

from sqlalchemy import delete, select, text

from bedplate.domains.factors.errors import TooManyCodes
from bedplate.domains.factors.models import FactorFailures
from bedplate.platform.db import Transaction, durably, utcnow

FREE, FIRST_PAUSE, LONGEST_PAUSE = 5, 30, 3600
# Counted before the code is looked at, so that a hundred guesses at once are a hundred attempts.
RESERVE = text("""
insert into factor_failures as f (user_id, failures, blocked_until) values (:user_id, 1, now())
on conflict (user_id) do update set failures = f.failures + 1,
  blocked_until = now() + case when f.failures + 1 < :free then interval '0'
    else make_interval(secs => least(:first * 2 ^ least(f.failures + 1 - :free, 20), :longest)) end
where f.blocked_until <= now()
returning failures
""")


async def reserve(session: Transaction, user_id: UUID) -> None:
    """Count an attempt for good, whatever becomes of the request; after five in a row each must wait longer.

    Raises:
        TooManyCodes: the account must wait.
    """
    values = {"user_id": user_id, "free": FREE, "first": FIRST_PAUSE, "longest": LONGEST_PAUSE}
    async with durably(session) as other:
        counted = await other.scalar(RESERVE, values)
    if counted is None:
        until = await session.scalar(
            select(FactorFailures.blocked_until).where(FactorFailures.user_id == user_id)
        )
        seconds = (until - utcnow()).total_seconds() if until else FIRST_PAUSE
        raise TooManyCodes(max(1, math.ceil(seconds)))


async def forgive(session: Transaction, user_id: UUID) -> None:
    """Forget the attempts after a right one."""
    await session.execute(delete(FactorFailures).where(FactorFailures.user_id == user_id))
