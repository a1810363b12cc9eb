from sqlalchemy import text

from bedplate.platform.jobs import Empty, JobContext, enqueue, task
from bedplate.platform.telemetry import attach
from bedplate.platform.telemetry.assembly import Telemetry
from bedplate.settings.telemetry import TelemetrySettings
from fixtures.collector import Collector, attributes

from .conftest import working


@task("test.traced", timeout=10, max_attempts=2, retry_delay=0.01)
async def traced(ctx: JobContext, _payload: Empty) -> None:
    async with ctx.database.transaction() as session:
        await session.execute(text("select 1 from job_step limit 1"))
    if ctx.attempt == 1:
        raise ValueError("once more")


async def test_one_trace_runs_from_the_request_through_a_retry(database, make_runtime, ended):
    collector = Collector()
    settings = TelemetrySettings(sample_ratio=1, otlp_endpoint=collector.endpoint)
    telemetry = Telemetry(settings, service="x", version="1")
    async with telemetry.lifespan(), working(make_runtime(traced)):
        with attach(None, "POST /v1/jobs", "server"):
            async with database.transaction() as session:
                job_id = await enqueue(session, traced, Empty())
        await ended(job_id, "succeeded")
    collector.close()
    request, producer, outbox, handover = (
        collector.named(name)
        for name in (
            "POST /v1/jobs",
            "enqueue test.traced",
            "INSERT job jsonb_to_recordset",
            "jobs.hand_over",
        )
    )
    first, second = collector.all_named("process test.traced")
    inside = collector.all_named("SELECT job_step")
    pushed = collector.named("ZADD")
    family = (request, producer, outbox, handover, pushed, first, second, *inside)
    assert len({s.trace_id for s in family}) == 1
    assert producer.parent_span_id == handover.parent_span_id == request.span_id
    assert outbox.parent_span_id == producer.span_id
    assert pushed.parent_span_id == handover.span_id
    assert first.parent_span_id == second.parent_span_id == producer.span_id
    assert [link.span_id for link in second.links] == [first.span_id]
    assert [s.parent_span_id for s in inside] == [first.span_id, second.span_id]
    assert attributes(first)["error.type"] == "ValueError"
    assert "error.type" not in attributes(second)
