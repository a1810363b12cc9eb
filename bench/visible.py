"""How soon a committed write is seen by somebody else, through another process that keeps what it has answered.

`uv run python bench/visible.py [--rounds N]`

Two processes, two members of a team, one plan. After each renaming through the first process its writer reads
through the second, which must show it at once; the other member reads there again and again until he sees it.
"""

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
import time
from contextlib import ExitStack
from typing import Any, cast

import asyncpg
import httpx

from load import serving
from run import Stack

PORTS = (18231, 18232)
MOST = 0.1
PASSWORD = "a long enough phrase 42"  # noqa: S105 - of a database that ends with the bench
SETTINGS = {"BEDPLATE_LIMITS_ENABLED": "false", "BEDPLATE_AUTH_ALLOW_RESERVED_DOMAINS": "true"}


async def member_of(team: str, email: str, database_url: str) -> None:
    """Make somebody a member who has just signed up: letters are not what is measured."""
    connection = cast("Any", await asyncpg.connect(database_url))
    try:
        account = await connection.fetchval(
            "update account set email_verified_at = now() where email = $1 returning id", email
        )
        await connection.execute(
            "insert into team_member (id, team_id, user_id, role) values (gen_random_uuid(), $1, $2, 'viewer')",
            team,
            account,
        )
    finally:
        await connection.close()


async def signed_in(client: httpx.AsyncClient, email: str, password: str) -> dict[str, str]:
    answer = await client.post("/v1/auth/login", json={"email": email, "password": password})
    return {"Authorization": f"Bearer {answer.raise_for_status().json()['access_token']}"}


async def measure(stack: Stack, rounds: int) -> tuple[list[float], int]:
    """Seconds until the other sees each write, and how often its writer did not see it at once."""
    address = stack.address
    first, second = (httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30) for port in PORTS)
    async with first, second:
        writer = await signed_in(first, address["admin_email"], address["admin_password"])
        team = (await first.post("/v1/teams", json={"name": "Bench"}, headers=writer)).json()["id"]
        email = "reader@team.example"
        body = {"email": email, "password": PASSWORD, "name": "Reader"}
        (await first.post("/v1/auth/signup", json=body)).raise_for_status()
        await member_of(team, email, address["database_url"])
        reader = await signed_in(first, email, PASSWORD)
        body = {"key": "visible", "title": "0", "team_id": team}
        plan = (await first.post("/v1/plans", json=body, headers=writer)).raise_for_status().json()["id"]
        path = f"/v1/plans/{plan}"

        async def title(headers: dict[str, str]) -> str:
            return (await second.get(path, headers=headers)).raise_for_status().json()["title"]

        waits, unseen = list[float](), 0
        for number in range(1, rounds + 1):
            await title(reader)
            await title(writer)
            change = await first.patch(path, json={"title": str(number)}, headers={**writer, "If-Match": "*"})
            began = time.perf_counter()
            change.raise_for_status()
            unseen += await title(writer) != str(number)
            while await title(reader) != str(number):
                pass
            waits.append(time.perf_counter() - began)
    return waits, unseen


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=500)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, ExitStack() as running:
        stack = Stack(folder)
        running.callback(stack.close)
        environment = stack.environment() | SETTINGS
        for port in PORTS:
            running.enter_context(
                serving(
                    "bedplate.app:create_app", port, interface="asgi", factory=True, environment=environment
                )
            )
        waits, unseen = asyncio.run(measure(stack, options.rounds))
    told = {
        "median": statistics.median(waits),
        "p99": statistics.quantiles(waits, n=100)[98],
        "most": max(waits),
    }
    print(json.dumps({name: f"{value * 1000:.1f} ms" for name, value in told.items()}))
    holds = max(waits) <= MOST and not unseen
    print(
        f"{'holds' if holds else 'MISSED'}  others within {MOST * 1000:.0f} ms, the writer at once ({unseen} not)"
    )
    sys.exit(0 if holds else 1)


if __name__ == "__main__":
    main()
