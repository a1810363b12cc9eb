"""The entries that a process keeps by itself: never an older one for a newer one, never more than allowed."""

import asyncio

import pytest

from bedplate.platform.cache import tier as module
from bedplate.platform.cache.store import Slot
from bedplate.platform.cache.tier import Tier

SLOT = Slot("entry", ("one", "two"))


def put(tier: Tier, slot: Slot, value: bytes, since: int, age: float = 0.0, ttl: float = 60.0) -> None:
    tier.put(slot, value, age=age, ttl=ttl, since=since)


def value(tier: Tier, slot: Slot = SLOT) -> bytes | None:
    found = tier.get(slot.digest)
    return found.value if found else None


@pytest.mark.parametrize("tag", SLOT.tags)
def test_an_answer_that_a_push_overtook_is_not_kept(tag: str) -> None:
    tier = Tier(1000)
    asked = tier.moment
    tier.bump([tag])
    put(tier, SLOT, b"before", asked)
    assert value(tier) is None
    put(tier, SLOT, b"after", tier.moment)
    assert value(tier) == b"after"
    put(tier, SLOT, b"before", asked)
    assert value(tier) == b"after"


def test_a_push_for_others_overtakes_nothing() -> None:
    tier = Tier(1000)
    asked = tier.moment
    tier.bump(["three"])
    put(tier, SLOT, b"value", asked)
    assert value(tier) == b"value"


def test_what_was_made_earlier_does_not_replace_what_was_made_later() -> None:
    tier = Tier(1000)
    put(tier, SLOT, b"later", tier.moment, age=1.0)
    put(tier, SLOT, b"earlier", tier.moment, age=30.0)
    assert value(tier) == b"later"
    put(tier, SLOT, b"latest", tier.moment, age=0.0)
    assert value(tier) == b"latest"


def test_nothing_is_kept_that_was_asked_for_before_all_was_dropped() -> None:
    tier = Tier(1000)
    put(tier, SLOT, b"value", tier.moment)
    asked = tier.moment
    tier.clear()
    assert value(tier) is None
    put(tier, SLOT, b"value", asked)
    assert value(tier) is None
    put(tier, SLOT, b"value", tier.moment)
    assert value(tier) == b"value"


def test_what_was_bumped_is_known_though_too_much_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "REMEMBERED", 3)
    tier = Tier(1000)
    asked = tier.moment
    tier.bump(["one"])
    for number in range(10):
        tier.bump([f"other {number}"])
    put(tier, SLOT, b"before", asked)
    assert value(tier) is None


def test_a_bump_drops_what_bears_the_tag_and_nothing_else() -> None:
    tier = Tier(1000)
    other = Slot("other", ("two",))
    put(tier, SLOT, b"value", tier.moment)
    put(tier, other, b"other", tier.moment)
    tier.bump(["one"])
    assert (value(tier), value(tier, other)) == (None, b"other")
    tier.bump(["two"])
    assert value(tier, other) is None


def test_the_least_recently_used_leave_first() -> None:
    tier = Tier(800)
    slots = [Slot(f"entry {number}", ("one",)) for number in range(9)]
    for slot in slots[:8]:
        put(tier, slot, b"x" * 100, tier.moment)
    assert value(tier, slots[0])
    put(tier, slots[8], b"x" * 100, tier.moment)
    assert [bool(value(tier, slot)) for slot in slots] == [True, False, *[True] * 7]


def test_one_entry_takes_no_more_than_an_eighth() -> None:
    tier = Tier(800)
    put(tier, SLOT, b"x" * 101, tier.moment)
    assert value(tier) is None


async def test_an_entry_ends_when_it_would_have_ended_in_the_store() -> None:
    tier = Tier(1000)
    put(tier, SLOT, b"value", tier.moment, age=59.95, ttl=60.0)
    async with asyncio.timeout(30):
        while value(tier) is not None:
            await asyncio.sleep(0.005)
    put(tier, SLOT, b"value", tier.moment, age=61.0, ttl=60.0)
    assert value(tier) is None
