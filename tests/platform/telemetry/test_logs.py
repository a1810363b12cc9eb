import logging
import sys

import structlog

from bedplate.platform.telemetry import attach
from bedplate.platform.telemetry.logs import configure_logging
from bedplate.settings.secret import Secret
from bedplate.settings.telemetry import TelemetrySettings

THING = "/v1/things/0190b8a4-0000-7000-8000-000000000001"
JSON = TelemetrySettings(log_format="json")
TOKEN = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"


async def test_a_request_writes_one_line(serve, lines):
    async with serve() as client:
        answer = await client.get(THING, params={"status": 403})
    (line,) = lines()
    assert (line["method"], line["route"], line["status"]) == ("GET", "/v1/things/{thing_id}", 403)
    assert line["path"] == THING
    assert line["code"] == "forbidden"
    assert line["request_id"] == answer.headers["x-request-id"] == answer.json()["request_id"]
    assert line["duration_ms"] >= 0


async def test_a_sane_request_id_is_taken_over(serve):
    async with serve() as client:
        sane = await client.get(THING, headers={"x-request-id": "deploy-2024.1"})
        wild = await client.get(THING, headers={"x-request-id": "<script>alert(1)</script>"})
    assert sane.headers["x-request-id"] == "deploy-2024.1"
    assert len(wild.headers["x-request-id"]) == 32


async def test_what_a_person_may_stand_in_is_not_in_the_path(serve, lines):
    async with serve() as client:
        await client.get("/v1/named/canary")
        await client.get("/nowhere/owner@team.example")
        await client.get("/v1/named/x?token=canary")
    named, nowhere, asked = lines()
    assert named["path"] == "/v1/named/{name}"
    assert nowhere["path"] == "/nowhere/[email]"
    assert "canary" not in str([named, nowhere, asked])


async def test_lines_below_the_level_are_not_written(serve, lines):
    async with serve(log_level="warning") as client:
        await client.get(THING)
        await client.get(THING, params={"status": 500})
    trace, line = lines()
    assert (line["level"], line["error"]) == ("error", "LookupError")
    assert (trace["event"], trace["request_id"]) == ("unhandled error", line["request_id"])
    assert "LookupError" in trace["exception"]
    assert "team.example" not in str(trace)


def test_secrets_never_reach_a_line(lines):
    configure_logging(JSON)
    structlog.get_logger().info(
        "said",
        key=Secret("canary"),
        password="canary",
        nested={"Authorization": "Bearer canary", "deep": [{"refresh_token": "canary"}]},
        header="Bearer canary.canary",
        jwt=TOKEN,
        api="bp_canarycanary",
        raw=b"canary",
        url="postgresql://app:canary@db.example/x",
        mail="to owner@team.example",
        drawn="aZ3" + "canary7Q" * 5,
    )
    logging.getLogger("some.library").warning("login with password=canary for %s", "owner@team.example")
    said, library = lines()
    assert "canary" not in str([said, library])
    assert "team.example" not in str([said, library])
    assert TOKEN not in str(said)
    assert library["logger"] == "some.library"
    assert library["level"] == "warning"


def test_an_exceptions_values_are_hidden_and_its_place_kept(lines):
    configure_logging(JSON)
    error = ValueError("Key (email)=(canary) already exists [parameters: ('canary', 'canary')]")
    logging.getLogger("some.library").error("failed", exc_info=error)
    (line,) = lines()
    assert "canary" not in str(line)
    assert "ValueError: Key (email)=(…) already exists" in line["exception"]


def test_lines_carry_the_trace(lines):
    configure_logging(JSON)
    with attach(None, "job"):
        structlog.get_logger().info("inside")
        logging.getLogger("some.library").warning("inside too")
    one, two = lines()
    assert one["trace_id"] == two["trace_id"]
    assert len(one["trace_id"]) == 32


async def test_without_an_endpoint_a_request_still_hands_on_the_trace_that_its_line_names(serve, lines):
    async with serve(sample_ratio=1) as client:
        answer = await client.post("/v1/things", headers={"x-request-id": "deploy-2024.1"})
    (line,) = lines()
    assert answer.json()["traceparent"].startswith(f"00-{line['trace_id']}-")
    assert answer.json()["traceparent"].endswith("-00")
    assert "span_id" not in line


def test_standard_output_stays_empty(capfd):
    configure_logging(TelemetrySettings(log_format="console"))
    structlog.get_logger().info("said", key=Secret("canary"))
    logging.getLogger("some.library").warning("said")
    captured = capfd.readouterr()
    assert captured.out == ""
    assert captured.err.count("said") == 2
    structlog.reset_defaults()


def test_the_servers_own_lines_take_the_same_way(lines, capfd):
    logger = logging.getLogger("_granian")
    logger.addHandler(logging.StreamHandler(sys.stdout))
    configure_logging(JSON)
    logger.warning("worker stopped")
    (line,) = lines()
    assert (line["logger"], line["event"]) == ("_granian", "worker stopped")
    assert logger.handlers == []
