"""People with plans: `Workspace` is one of them, talking HTTP to the application in this process."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from litestar import Litestar

from bedplate.platform.jobs import JobsRuntime
from bedplate.platform.jobs.models import ENDED
from fixtures.people import Join, Person

SAMPLE = Path(__file__).parents[2] / "data" / "enterprise-baseline.md"
MARKDOWN = {"Content-Type": "text/markdown"}


@dataclass
class Workspace:
    """Somebody's view of the API; `plan_id` is a plan of his own."""

    client: httpx.AsyncClient
    person: Person
    jobs: JobsRuntime
    plan_id: str = ""

    async def call(
        self,
        method: str,
        path: str,
        *,
        expect: int | None = None,
        headers: dict[str, str] | None = None,
        **rest: Any,
    ) -> httpx.Response:
        """Send a request below `/v1`; `P` at the start of the path is the plan."""
        where = path.replace("P/", f"plans/{self.plan_id}/", 1) if path.startswith("P/") else path
        answer = await self.client.request(
            method, f"/v1/{where}", headers={**self.person.headers, **(headers or {})}, **rest
        )
        if expect is not None:
            assert answer.status_code == expect, answer.text
        return answer

    async def get(self, path: str, **rest: Any) -> Any:
        return (await self.call("GET", path, expect=200, **rest)).json()

    async def post(self, path: str, body: Any, expect: int = 201) -> Any:
        answer = await self.call("POST", path, json=body, expect=expect)
        return answer.json() if answer.content else None

    async def change(self, path: str, body: Any, expect: int = 200) -> Any:
        """PATCH what was just read."""
        read = await self.call("GET", path, expect=200)
        headers = {"If-Match": read.headers["etag"]}
        return (await self.call("PATCH", path, json=body, headers=headers, expect=expect)).json()

    async def new_plan(self, **fields: Any) -> str:
        body = {"key": f"plan-{secrets.token_hex(4)}", "title": "A plan", **fields}
        self.plan_id = (await self.post("plans", body))["id"]
        return self.plan_id

    async def job(self, answer: httpx.Response) -> Any:
        """Run what waits, and return the job that an answer of 202 names."""
        assert answer.status_code == 202, answer.text
        assert answer.headers["location"] == f"/v1/jobs/{answer.json()['id']}"
        path = answer.headers["location"].removeprefix("/v1/")
        async with asyncio.timeout(60):
            while True:
                await self.jobs.run_until_idle()
                job = await self.get(path)
                if job["state"] in ENDED:
                    return job
                # The served service of another test has a worker on this database, and was quicker.
                await asyncio.sleep(0.02)

    async def take_in(self, data: bytes | str, query: str = "") -> Any:
        """Import a document and return the job's result."""
        job = await self.job(await self.upload(data, query))
        assert job["state"] == "succeeded", job
        return job["result"]

    async def upload(self, data: bytes | str, query: str = "") -> httpx.Response:
        raw = data.encode() if isinstance(data, str) else data
        return await self.call("POST", f"P/imports{query}", content=raw, headers=MARKDOWN)

    async def write_out(self) -> bytes:
        """Export the plan and return the bytes."""
        job = await self.job(await self.call("POST", "P/exports", json={}))
        assert job["state"] == "succeeded", job
        answer = await self.call("GET", f"documents/{job['result']['document_id']}/raw", expect=200)
        return answer.content

    async def task(self, number: str) -> Any:
        """The task of a number."""
        found = await self.get("P/tasks", params={"number": number})
        return found["items"][0]

    async def move(self, number: str, state: str) -> Any:
        return await self.change(f"tasks/{(await self.task(number))['id']}", {"state": state})


type NewWorkspace = Callable[..., Awaitable[Workspace]]


@pytest.fixture
def new_workspace(app: Litestar, asgi: httpx.AsyncClient, join: Join) -> NewWorkspace:
    """Sign somebody up, with an empty plan: `await new_workspace()`."""

    async def make(*, verified: bool = True) -> Workspace:
        workspace = Workspace(asgi, await join(asgi, verified=verified), app.state.jobs)
        await workspace.new_plan()
        return workspace

    return make


@pytest.fixture
async def work(new_workspace: NewWorkspace) -> Workspace:
    return await new_workspace()


@pytest.fixture
async def sample_plan(work: Workspace) -> Workspace:
    """A plan into which the sample was imported."""
    await work.take_in(SAMPLE.read_bytes())
    return work
