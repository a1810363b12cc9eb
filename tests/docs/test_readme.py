"""The README's shell block, pasted against the really served service."""

import asyncio
import hashlib
import os
import re
import subprocess
from pathlib import Path

import httpx

from fixtures.people import Join
from fixtures.service import Served

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "tests/data/enterprise-baseline.md"
SHELL_BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
MOST_LINES = 150


def shell_block() -> str:
    (block,) = SHELL_BLOCK.findall((ROOT / "README.md").read_text())
    return block


def run(block: str, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", block],
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


async def test_the_block_works_as_pasted(served: Served, client: httpx.AsyncClient, make_admin: Join) -> None:
    person = await make_admin(client)
    environment = {
        "BEDPLATE_API": served.origin,
        "BEDPLATE_ADMIN_EMAIL": person.email,
        "BEDPLATE_ADMIN_PASSWORD": person.password,
    }
    ended = await asyncio.to_thread(run, shell_block(), environment)
    assert ended.returncode == 0, ended.stderr + ended.stdout
    assert '"state":"succeeded"' in ended.stdout
    assert '"number":"2"' in ended.stdout
    assert ended.stdout.count(hashlib.sha256(SAMPLE.read_bytes()).hexdigest() + "  -") == 2


def test_it_is_short() -> None:
    assert len((ROOT / "README.md").read_text().splitlines()) < MOST_LINES
