from collections.abc import Sequence

from opentelemetry.sdk.trace import ReadableSpan
from sqlalchemy import text

from bedplate.platform.jobs import Empty, JobContext, enqueue, task
from bedplate.platform.telemetry import attach
from bedplate.platform.telemetry.assembly import Telemetry
from bedplate.settings.telemetry import TelemetrySettings

from .conftest import working


@task("test.traced", timeout=10, max_attempts=2, retry_delay=0.01)
async def traced(ctx: JobContext, _payload: Empty) -> None:
    async with ctx.database.transaction() as session:
        await session.execute(text("select 1 from job_step limit 1"))
    if ctx.attempt == 1:
        raise ValueError("once more")


class Kept:
    def __init__(self) -> None:
        self.spans: list[ReadableSpan] = []

    def export(self, spans: Sequence[ReadableSpan], /) -> None:
        self.spans += spans

    def shutdown(self) -> None:
        return

    def named(self, name: str) -> list[ReadableSpan]:
        return sorted((s for s in self.spans if s.name == name), key=lambda s: s.start_time or 0)


async def test_one_trace_runs_from_the_request_through_a_retry(database, make_runtime, ended):
    kept = Kept()
    telemetry = Telemetry(TelemetrySettings(sample_ratio=1), service="x", version="1", sender=kept)
    async with telemetry.lifespan(), working(make_runtime(traced)):
        with attach(None, "POST /v1/jobs", "server"):
            async with database.transaction() as session:
                job_id = await enqueue(session, traced, Empty())
        await ended(job_id, "succeeded")
    (request,), (producer,), (handover,) = (
        kept.named(name) for name in ("POST /v1/jobs", "enqueue test.traced", "jobs.hand_over")
    )
    first, second = kept.named("process test.traced")
    inside = kept.named("SELECT job_step")
    assert len({s.context.trace_id for s in (request, producer, handover, first, second, *inside)}) == 1
    assert producer.parent.span_id == handover.parent.span_id == request.context.span_id
    assert first.parent.span_id == second.parent.span_id == producer.context.span_id
    assert [link.context.span_id for link in second.links] == [first.context.span_id]
    assert [s.parent.span_id for s in inside] == [first.context.span_id, second.context.span_id]
    assert first.attributes["error.type"] == "ValueError"
    assert "error.type" not in second.attributes
