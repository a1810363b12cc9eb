import msgspec

from bedplate.platform.idempotency import sweep
from bedplate.platform.jobs import JobContext, Schedule, task


class Swept(msgspec.Struct, frozen=True):
    """How many stored answers were forgotten."""

    answers: int


class Nothing(msgspec.Struct, frozen=True):
    """A task that needs to be told nothing."""


@task("operations.sweep_idempotency", payload=Nothing, timeout=300, max_attempts=3)
async def sweep_idempotency(ctx: JobContext, _payload: Nothing) -> Swept:
    """Forget the answers of keyed requests after a day."""
    async with ctx.database.transaction() as session:
        return Swept(await sweep(session))


SWEEP_HOURLY = Schedule(
    name="operations.sweep_idempotency", task=sweep_idempotency, cron="17 * * * *", payload=Nothing()
)
