"""Spans of what a request waits for: Redis, the limiter, the cache, the mail server, other services."""

from uuid import uuid4

import httpx
import pytest

from bedplate.platform.cache.core import Entries, Made
from bedplate.platform.cache.declare import Times
from bedplate.platform.cache.memory_store import MemoryCacheStore
from bedplate.platform.cache.store import Slot
from bedplate.platform.limits.limiter import Limiter
from bedplate.platform.limits.policy import Policy
from bedplate.platform.limits.redis_store import RedisLimitStore
from bedplate.platform.limits.rule import Charge, Rule
from bedplate.platform.mail import Mail, Mailer, MailRefused
from bedplate.platform.redis import connect
from bedplate.platform.telemetry import attach
from bedplate.platform.telemetry.outbound import TracedTransport
from bedplate.platform.telemetry.told_url import told_url
from bedplate.settings import Secret
from bedplate.settings.limits import LimitsSettings
from bedplate.settings.redis import RedisSettings

MAIL = Mail(to="owner@team.example", subject="canary", text="canary", html="canary")


@pytest.fixture
def recorded(serve, collector):
    return serve(sample_ratio=1, otlp_endpoint=collector.endpoint)


@pytest.fixture
async def redis(redis_url):
    client = connect(RedisSettings(url=Secret(redis_url), timeout=2.0))
    yield client
    await client.aclose()


async def test_a_trip_to_redis_is_told_without_keys_and_a_refusal_with_its_policy(
    recorded, collector, plain, redis
):
    limiter = Limiter(LimitsSettings(), RedisLimitStore(redis, "spans", 2.0))
    charge = Charge(Rule(Policy(name="canary", quota=1, window=60.0), str(uuid4())), "secret-subject")
    async with recorded:
        with attach(None, "request"):
            assert (await limiter.acquire([charge])).allowed
            assert not (await limiter.acquire([charge])).allowed
            assert not (await limiter.acquire([charge])).allowed
    limiter.store.runner.close()
    trips = collector.all_named("EVALSHA acquire")
    assert len(trips) == 2
    assert plain(trips[0]) == {
        "db.system.name": "redis",
        "db.operation.name": "EVALSHA",
        "db.stored_procedure.name": "acquire",
    }
    assert trips[0].parent_span_id == collector.named("request").span_id
    told = plain(collector.named("request"))["bedplate.limiter"]
    assert told == "denied by canary denied by canary, from memory"
    assert "secret-subject" not in str(collector.spans)


async def test_how_the_cache_answered_is_told(recorded, collector, plain):
    entries = Entries(MemoryCacheStore(lease=5.0), tier_bytes=0, max_wait=1.0)
    slot, times = Slot(uuid4().bytes, ()), Times(60.0, 0.0)

    async def make() -> Made:
        return Made(b"value")

    async with recorded:
        for name in ("first", "second"):
            with attach(None, name):
                assert (await entries.get(slot, times, make)).value == b"value"
    assert plain(collector.named("first"))["bedplate.cache"] == "miss"
    assert plain(collector.named("second"))["bedplate.cache"] == "hit"


class Server(Mailer):
    """Stands for a mail server."""

    async def hand_in(self, mail, key):  # noqa: ARG002 - the port's
        if key is None:
            raise MailRefused


async def test_a_mail_is_told_without_its_address(recorded, collector, plain):
    async with recorded:
        with attach(None, "job"):
            await Server().send(MAIL, key=uuid4())
            with pytest.raises(MailRefused):
                await Server().send(MAIL, key=None)
    sent, refused = collector.all_named("send mail")
    assert sent.kind == sent.SPAN_KIND_CLIENT
    assert plain(sent) == {}
    assert plain(refused)["error.type"] == "MailRefused"
    assert "canary" not in str(collector.spans)
    assert "team.example" not in str(collector.spans)


@pytest.fixture
def answering(recorded):
    """Call a stand-in for another service within a trace; gives the request as it arrived."""

    async def call(url, status=204, method="GET"):
        arrived = []

        def answer(request):
            arrived.append(request)
            return httpx.Response(status, extensions={"http_version": b"HTTP/1.1"})

        transport = TracedTransport(httpx.MockTransport(answer))
        async with recorded, httpx.AsyncClient(transport=transport) as client:
            with attach(None, "request"):
                await client.request(method, url)
        return arrived[0]

    return call


async def test_a_call_of_another_service_is_told_and_hands_the_trace_on(answering, collector, plain):
    arrived = await answering("http://127.0.0.1:8123/callback?code=canary&state=canary#canary")
    call = collector.named("GET")
    assert arrived.headers["traceparent"] == f"00-{call.trace_id.hex()}-{call.span_id.hex()}-01"
    assert call.kind == call.SPAN_KIND_CLIENT
    assert call.status.code == call.status.STATUS_CODE_UNSET
    assert plain(call) == {
        "http.request.method": "GET",
        "server.address": "127.0.0.1",
        "server.port": 8123,
        "url.full": "http://127.0.0.1:8123/callback?code=REDACTED&state=REDACTED",
        "http.response.status_code": 204,
        "network.protocol.version": "1.1",
    }
    assert "canary" not in str(collector.spans)


@pytest.mark.parametrize("status", [404, 503])
async def test_a_call_that_is_refused_or_fails_is_an_error(status, answering, collector, plain):
    await answering("https://other.example/", status)
    call = collector.named("GET")
    assert call.status.code == call.status.STATUS_CODE_ERROR
    told = plain(call)
    assert (told["error.type"], told["http.response.status_code"]) == (str(status), status)
    assert told["server.port"] == 443


async def test_a_method_that_nobody_knows_is_told_as_other(answering, collector, plain):
    await answering("https://other.example/", method="PURGE")
    told = plain(collector.named("HTTP"))
    assert (told["http.request.method"], told["http.request.method_original"]) == ("_OTHER", "PURGE")


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("https://user:canary@a.example/x", "https://REDACTED:REDACTED@a.example/x"),
        ("https://canary@a.example", "https://REDACTED:REDACTED@a.example/"),
        ("https://[::1]:8443/x?canary", "https://[::1]:8443/x?REDACTED"),
        ("https://a.example/hooks/T01/canaryB0123456789", "https://a.example/hooks/T01/REDACTED"),
        (
            "https://a.example/of/canary%40team.example?a=&b=canary=",
            "https://a.example/of/[email]?a=REDACTED&b=REDACTED",
        ),
        (
            "https://a.example/.well-known/openid-configuration",
            "https://a.example/.well-known/openid-configuration",
        ),
    ],
)
def test_an_address_is_told_without_its_secrets(url, told):
    assert told_url(httpx.URL(url)) == told
