import pytest
from sqlalchemy import text

from bedplate.platform.jobs import (
    Empty,
    JobContext,
    Schedule,
    Step,
    chain,
    enqueue,
    enqueue_alone,
    enqueue_many,
    fan_out,
    task,
)
from bedplate.platform.telemetry import attach
from bedplate.platform.telemetry.assembly import Telemetry
from bedplate.settings.telemetry import TelemetrySettings
from fixtures.collector import Collector, attributes

from .conftest import until, working


@task("test.traced", timeout=10, max_attempts=2, retry_delay=0.01)
async def traced(ctx: JobContext, _payload: Empty) -> None:
    async with ctx.database.transaction() as session:
        await session.execute(text("select 1 from job_step limit 1"))
    if ctx.attempt == 1:
        raise ValueError("once more")


@pytest.fixture
async def traces():
    """A collector that sees every trace of this process."""
    collector = Collector()
    settings = TelemetrySettings(sample_ratio=1, otlp_endpoint=collector.endpoint)
    async with Telemetry(settings, service="x", version="1").lifespan():
        yield collector
    collector.close()


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


async def test_a_scheduled_run_is_a_trace_with_its_firing_and_its_handover(make_runtime, traces, sql):
    schedule = Schedule(name="yearly", task=traced, cron="0 0 1 1 *")
    async with working(make_runtime(traced, schedules=(schedule,))) as worker:
        await until(lambda: sql.fetchval("select 1 from job_schedule"))
        await sql.execute("update job_schedule set next_at = now() - interval '5 s'")
        worker.relay.wake()
        await until(lambda: sql.fetchval("select 1 from job where state = 'succeeded'"))
    traces.wait(lambda: len(traces.all_named("process test.traced")) == 2)
    (firing,) = (s for s in traces.all_named("schedule yearly") if not s.parent_span_id)
    enqueued, handover = traces.named("enqueue test.traced"), traces.named("jobs.hand_over")
    first, second = traces.all_named("process test.traced")
    assert {s.trace_id for s in (enqueued, handover, first, second)} == {firing.trace_id}
    assert enqueued.parent_span_id == handover.parent_span_id == firing.span_id
    assert first.parent_span_id == second.parent_span_id == enqueued.span_id


async def test_what_no_request_enqueues_has_a_trace(database, make_runtime, traces, sql):
    step = Step(traced, Empty())
    ways = {
        "enqueue test.traced": lambda session: enqueue(session, traced, Empty()),
        "enqueue chain": lambda session: chain(session, [step] * 2),
        "enqueue fan-out": lambda session: fan_out(session, [step] * 2, step),
    }
    kept = {}
    async with make_runtime(traced).lifespan():
        for name, way in ways.items():
            async with database.transaction() as session:
                await way(session)
            told = await sql.fetch("delete from job returning traceparent")
            (kept[name],) = {row[0] for row in told}
    traces.wait(lambda: all(traces.all_named(name) for name in ways))
    for name in ways:
        begun = traces.named(name)
        assert begun.parent_span_id == b""
        assert kept[name] == f"00-{begun.trace_id.hex()}-{begun.span_id.hex()}-01"


async def test_many_at_once_and_one_alone_have_a_trace_too(database, make_runtime, sql):
    async with make_runtime(traced).lifespan():
        async with database.transaction() as session:
            await enqueue_many(session, traced, [Empty()] * 2)
        await enqueue_alone(database, traced, Empty())
    kept = [row[0] for row in await sql.fetch("select traceparent from job order by id")]
    assert kept[0] == kept[1] != kept[2]
    assert None not in kept
