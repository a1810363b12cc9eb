import pytest

from bedplate.platform.telemetry import attach, current_traceparent, span

THING = "/v1/things/0190b8a4-0000-7000-8000-000000000001"
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
CALLER = f"00-{TRACE}-00f067aa0ba902b7-01"


async def test_spans_of_a_request_form_one_tree(serve, collector, plain):
    async with serve(sample_ratio=1, otlp_endpoint=collector.endpoint) as client:
        await client.post("/v1/things?email=owner@team.example", headers={"user-agent": "test"})
    root, outer, inner = (collector.named(name) for name in ("POST /v1/things", "outer", "inner"))
    assert outer.parent_span_id == root.span_id
    assert inner.parent_span_id == outer.span_id
    assert {s.trace_id for s in collector.spans} == {root.trace_id}
    assert root.parent_span_id == b""
    assert root.kind == root.SPAN_KIND_SERVER
    assert inner.kind == inner.SPAN_KIND_CLIENT
    assert plain(inner) == {"answer": 42}
    told = plain(root)
    assert told["http.route"] == told["url.path"] == "/v1/things"
    assert (told["http.request.method"], told["http.response.status_code"]) == ("POST", 201)
    assert plain(root)["user_agent.original"] == "test"
    assert "team.example" not in str(collector.spans)
    assert collector.resources[0]["service.name"] == "bedplate-test"


async def test_a_callers_trace_is_carried_on(serve, collector):
    async with serve(sample_ratio=0, otlp_endpoint=collector.endpoint) as client:
        await client.get(THING, headers={"traceparent": CALLER})
    (root,) = collector.spans
    assert root.trace_id.hex() == TRACE
    assert root.parent_span_id.hex() == "00f067aa0ba902b7"


async def test_callers_cannot_have_all_their_traces_kept(serve, collector):
    async with serve(sample_ratio=0, sampled_per_second=0, otlp_endpoint=collector.endpoint) as client:
        await client.get(THING, headers={"traceparent": CALLER})
    assert collector.spans == []


async def test_errors_are_kept_beside_the_sample(serve, collector, plain):
    async with serve(sample_ratio=0, otlp_endpoint=collector.endpoint) as client:
        for status in (200, 404, 500):
            await client.get(THING, params={"status": status})
    (root,) = collector.spans
    assert root.status.code == root.status.STATUS_CODE_ERROR
    assert plain(root)["error.type"] == "LookupError"
    assert "canary" not in str(root)


async def test_slow_requests_are_kept_beside_the_sample(serve, collector):
    async with serve(sample_ratio=0, slow_request=1e-9, otlp_endpoint=collector.endpoint) as client:
        await client.post("/v1/things")
    assert {s.name for s in collector.spans} == {"POST /v1/things", "outer", "inner"}


async def test_the_ratio_is_decided_by_trace_id(serve, collector):
    low = f"00-{TRACE[:16]}{'0' * 15}1-00f067aa0ba902b7-00"
    high = f"00-{TRACE[:16]}{'f' * 16}-00f067aa0ba902b7-00"
    async with serve(sample_ratio=0.5, otlp_endpoint=collector.endpoint) as client:
        for traceparent in (low, high):
            await client.get(THING, headers={"traceparent": traceparent})
    assert [s.trace_id.hex() for s in collector.spans] == [low.split("-")[1]]


async def test_work_of_another_process_carries_the_trace_on(serve, collector):
    async with serve(sample_ratio=1, otlp_endpoint=collector.endpoint):
        with attach(None, "request"), span("jobs.enqueue", "producer"):
            handed = current_traceparent()
        with attach(handed, "job attempt 1", key="job:1") as attempt:
            attempt.set(attempt=1)
        with attach(handed, "job attempt 2", key="job:2", follows="job:1"), span("work"):
            pass
    enqueue, second, work = (collector.named(n) for n in ("jobs.enqueue", "job attempt 2", "work"))
    assert second.parent_span_id == enqueue.span_id
    assert second.links[0].span_id == collector.named("job attempt 1").span_id
    assert work.parent_span_id == second.span_id
    assert len({s.trace_id for s in collector.spans}) == 1


async def test_a_failed_job_is_kept_beside_the_sample(serve, collector):
    async with serve(sample_ratio=0, otlp_endpoint=collector.endpoint):
        with attach(None, "well"):
            pass
        with pytest.raises(LookupError), attach(None, "badly"):
            raise LookupError
    assert [s.name for s in collector.spans] == ["badly"]


async def test_a_slow_job_is_kept_beside_the_sample(serve, collector):
    async with serve(sample_ratio=0, slow_job=1e-9, otlp_endpoint=collector.endpoint):
        with attach(None, "slow"), span("inside"):
            pass
    assert {s.name for s in collector.spans} == {"slow", "inside"}


async def test_a_method_that_nobody_knows_is_told_as_other(serve, collector, plain):
    async with serve(sample_ratio=1, otlp_endpoint=collector.endpoint) as client:
        await client.request("BREW" + "W" * 50, "/v1/things")
    (root,) = collector.spans
    assert root.name.startswith("HTTP ")
    assert plain(root)["http.request.method"] == "_OTHER"
    assert plain(root)["http.request.method_original"] == "BREW" + "W" * 26


async def test_nothing_is_recorded_without_an_endpoint(serve):
    async with serve(sample_ratio=1) as client:
        answer = await client.post("/v1/things", headers={"traceparent": CALLER})
        assert answer.status_code == 201
    assert current_traceparent() is None
