"""What a limit costs: CPU a decision against one bare EVALSHA of redis-py, in the same run.

`python bench/limits.py [--requests N] [--rounds N]`, with BEDPLATE_REDIS_URL of a server to use. A decision by
the store, a leased one, one refused from memory; and a cached answer from the process's tier and from Redis.
Exit code 1 where a cost is above its floor, or where what is refused from memory asks Redis.
"""

import argparse
import asyncio
import statistics
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from bedplate.platform.cache.core import Entries, Made
from bedplate.platform.cache.declare import Times
from bedplate.platform.cache.redis_store import RedisCacheStore
from bedplate.platform.cache.store import Slot
from bedplate.platform.limits import HOUR, MINUTE, Limits, Policy, per_user
from bedplate.platform.limits.redis_store import ACQUIRE
from bedplate.platform.limits.rule import Charge
from bedplate.platform.redis import connect
from bedplate.settings.limits import LimitsSettings
from bedplate.settings.load import load_settings

MICRO = 1e6
SUBJECT = "ip:192.0.2.1"
VALUE = b"x" * 1000
BARE, EXACT, LEASED, REFUSED = "bare EVALSHA", "decided by the store", "leased", "refused from memory"
FLOORS = {EXACT: 1.3, LEASED: 0.1}
"""The most that a decision may cost, in calls of a bare EVALSHA."""

type Work = Callable[[], Awaitable[object]]


async def measure(work: Work, requests: int) -> float:
    """CPU a call, in µs."""
    await work()
    before = time.process_time()
    for _ in range(requests):
        await work()
    return (time.process_time() - before) / requests * MICRO


def deciding(limits: Limits, policy: Policy) -> Work:
    rule = limits.book.rule(policy)
    assert rule is not None  # noqa: S101 - no override switches it off
    charges = (Charge(rule, SUBJECT),)

    async def decide() -> object:
        return limits.limiter.acquire_now(charges) or await limits.limiter.acquire_far(charges)

    return decide


def looking_up(store: RedisCacheStore, *, tier: bool) -> Work:
    entries = Entries(store, tier_bytes=1_000_000, max_wait=1.0)
    entries.pushed = lambda: tier
    slot, times = Slot("bench", ("bench",)), Times(600.0)

    async def make() -> Made:
        return Made(VALUE)

    async def look_up() -> object:
        return await entries.get(slot, times, make)

    return look_up


async def calls(client: Any) -> int:
    """How many scripts the server has run."""
    stats = await client.info("commandstats")
    return sum(stats.get(f"cmdstat_{name}", {}).get("calls", 0) for name in ("eval", "evalsha"))


def judge(costs: Mapping[str, float], trips: int) -> bool:
    """Print the table; returns whether every floor is held."""
    held = trips == 0
    for name, cost in costs.items():
        ratio, floor = cost / costs[BARE], FLOORS.get(name)
        verdict = "" if floor is None else f"{'held' if ratio <= floor else 'MISSED'}, floor {floor}"
        held &= floor is None or ratio <= floor
        print(f"{name:<24} {cost:>8.1f} µs {ratio:>7.3f} × {verdict}".rstrip())
    print(f"{REFUSED}: {trips} round trips {'held' if trips == 0 else 'MISSED'}, floor 0")
    return held


async def run(options: argparse.Namespace) -> bool:
    client: Any = connect(load_settings().redis)
    limits = Limits(LimitsSettings(remember=3600.0), client, prefix="bench")
    store = RedisCacheStore(client, "bench", patience=1.0, lease=10.0, channel="bench:bumped")
    await client.script_load(ACQUIRE.text)

    async def bare() -> object:
        return await client.evalsha(ACQUIRE.digest, 1, "bench:bare", "0.06", 1_000_000_000, 1, 0)

    works: dict[str, Work] = {
        BARE: bare,
        EXACT: deciding(limits, per_user(10**9, MINUTE, name="exact")),
        LEASED: deciding(limits, per_user(10**6, MINUTE, name="leased", lease=50_000)),
        REFUSED: deciding(limits, per_user(1, HOUR, name="spent")),
        "cached, by Redis": looking_up(store, tier=False),
        "cached, by the process": looking_up(store, tier=True),
    }
    seen: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(options.rounds):
        for name, work in works.items():
            seen[name].append(await measure(work, options.requests))
    asked = await calls(client)
    await measure(works[REFUSED], options.requests)
    trips = await calls(client) - asked
    held = judge({name: statistics.median(values) for name, values in seen.items()}, trips)
    await client.delete("bench:bare", *[key async for key in client.scan_iter("bench:*")])
    limits.close()
    store.close()
    await client.aclose()
    return held


def main() -> None:
    """Print the table; exit code 1 where a floor is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=5000)
    parser.add_argument("--rounds", type=int, default=5)
    sys.exit(0 if asyncio.run(run(parser.parse_args())) else 1)


if __name__ == "__main__":
    main()
