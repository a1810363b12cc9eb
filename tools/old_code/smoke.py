"""A deploy's worth of calls: what nearly every client does, and jobs that a worker has to do."""

import secrets
from dataclasses import dataclass, field
from typing import Any

import httpx

from tools.old_code.failure import Broken
from tools.old_code.fleet import OWNER, PASSWORD, until

DOCUMENT = """# Rehearsal

## Tasks

### 1. First ⚠️ PENDING
- [x] One step
- [ ] Another step
"""
ENDED = {"succeeded", "failed", "dead", "cancelled"}


@dataclass
class Smoke:
    """Calls one API after the other; every plan that was made before is read again through the next."""

    calls: int = 0
    jobs: int = 0
    plans: list[str] = field(default_factory=list[str])

    def run(self, origin: str, stage: str) -> None:
        """Call everything once.

        Raises:
            Broken: an answer is no success, or a job is not done
        """
        try:
            with httpx.Client(base_url=origin, timeout=60) as client:
                self._account(client)
                self._signed_in(client, OWNER)
                plan = self._plan(client)
                self._jobs(client, plan)
                self._around(client)
        except Broken as broken:
            raise Broken(f"{stage}: {broken}") from None
        except httpx.HTTPError as error:
            raise Broken(f"{stage}: {type(error).__name__}: {error}") from error

    def _account(self, client: httpx.Client) -> None:
        email = f"person-{secrets.token_hex(6)}@team.example"
        self._send(client, "POST", "auth/signup", {"email": email, "password": PASSWORD, "name": "Person"})
        tokens = self._signed_in(client, email)
        self._send(client, "PATCH", "me", {"name": "Another"}, if_match="me")
        self._send(client, "POST", "auth/refresh", {"refresh_token": tokens["refresh_token"]})
        self._send(client, "GET", "auth/sessions")
        self._send(client, "POST", "auth/logout", {})

    def _signed_in(self, client: httpx.Client, email: str) -> dict[str, Any]:
        client.headers.pop("Authorization", None)
        tokens = self._send(client, "POST", "auth/login", {"email": email, "password": PASSWORD}).json()
        client.headers["Authorization"] = f"Bearer {tokens['access_token']}"
        self._send(client, "GET", "me")
        return tokens

    def _plan(self, client: httpx.Client) -> str:
        team = self._send(client, "POST", "teams", {"name": "Rehearsal"}).json()["id"]
        self._send(client, "PATCH", f"teams/{team}", {"name": "Rehearsed"}, if_match=f"teams/{team}")
        key = f"p-{secrets.token_hex(6)}"
        plan: str = self._send(
            client, "POST", "plans", {"key": key, "title": "Rehearsal", "team_id": team}
        ).json()["id"]
        self._send(client, "PATCH", f"plans/{plan}", {"title": "Rehearsed"}, if_match=f"plans/{plan}")
        task = self._send(client, "POST", f"plans/{plan}/tasks", {"title": "By a call"}).json()["id"]
        self._send(client, "POST", f"plans/{plan}/claims", {})
        self._send(client, "PATCH", f"tasks/{task}", {"priority": "high"}, if_match=f"tasks/{task}")
        self._send(
            client, "POST", f"tasks/{task}/transitions", {"state": "completed"}, if_match=f"tasks/{task}"
        )
        self.plans.append(plan)
        return plan

    def _jobs(self, client: httpx.Client, plan: str) -> None:
        """A document in, and out again: each by a job."""
        self._done(client, f"plans/{plan}/imports", content=DOCUMENT.encode())
        self._done(client, f"plans/{plan}/exports", {})
        newest = self._send(client, "GET", f"plans/{plan}/documents").json()["items"][0]["id"]
        self._send(client, "GET", f"documents/{newest}/raw")

    def _around(self, client: httpx.Client) -> None:
        for plan in self.plans:
            for view in ("", "/tasks", "/ready", "/summary", "/findings"):
                self._send(client, "GET", f"plans/{plan}{view}")
        for path in ("plans", "teams", "jobs", "users", "roles", "permissions", "audit-events"):
            self._send(client, "GET", path)
        order = {"name": "Rehearsal", "scopes": ["plans:read"]}
        key = self._send(client, "POST", "api-keys", order).json()
        self._send(client, "GET", "plans", headers={"Authorization": f"Bearer {key['key']}"})
        self._send(client, "GET", "api-keys")

    def _done(
        self, client: httpx.Client, path: str, body: object = None, *, content: bytes | None = None
    ) -> None:
        headers = {"Content-Type": "text/markdown"} if content else {}
        job = self._send(client, "POST", path, body, content=content, headers=headers).headers["Location"]
        until(lambda: client.get(job).json().get("state") in ENDED, f"the job of {path} is not done")
        state = client.get(job).json()["state"]
        if state != "succeeded":
            raise Broken(f"the job of {path} {state}: {client.get(job).text}")
        self.jobs += 1

    def _send(
        self,
        client: httpx.Client,
        method: str,
        path: str,
        body: object = None,
        *,
        if_match: str = "",
        content: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> httpx.Response:
        self.calls += 1
        sent = dict(headers or {})
        if if_match:
            sent["If-Match"] = self._send(client, "GET", if_match).headers["ETag"]
        answer = client.request(method, f"/v1/{path}", json=body, content=content, headers=sent)
        if not answer.is_success:
            raise Broken(f"{method} /v1/{path}: {answer.status_code} {answer.text}")
        return answer
