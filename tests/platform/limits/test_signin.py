import asyncio
from typing import Any

import pytest

from bedplate.platform.limits import TooManyRequests

from .conftest import limits_on

ACCOUNT, ATTACKER, HOME = "owner@team.example", "192.0.2.66", "198.51.100.1"


async def test_failures_end_in_a_refusal_also_when_tried_at_once(redis: Any) -> None:
    guard = limits_on(redis).sign_in
    tried = await asyncio.gather(*(guard.begin(ACCOUNT, ATTACKER) for _ in range(60)), return_exceptions=True)
    assert sum(not isinstance(one, TooManyRequests) for one in tried) == 20


async def test_the_owner_signs_in_on_a_known_device_during_an_attack(redis: Any) -> None:
    guard = limits_on(redis).sign_in
    for number in range(120):
        try:
            await guard.begin(ACCOUNT, f"192.0.2.{number}")
        except TooManyRequests:
            break
    with pytest.raises(TooManyRequests):
        await guard.begin(ACCOUNT, HOME)
    await guard.begin(ACCOUNT, HOME, device="laptop")


async def test_success_forgets_the_failures(redis: Any) -> None:
    guard = limits_on(redis).sign_in
    for _ in range(50):
        attempt = await guard.begin(ACCOUNT, HOME)
        await attempt.succeeded()


async def test_one_network_tries_many_accounts_in_vain(redis: Any) -> None:
    guard = limits_on(redis).sign_in
    for number in range(300):
        await guard.begin(f"person-{number}@team.example", ATTACKER)
    with pytest.raises(TooManyRequests):
        await guard.begin("person-300@team.example", ATTACKER)
