import time
from types import TracebackType
from typing import Any, Self
from uuid import UUID

import httpx
import msgspec

from bedplate.cli.errors import CommandError

POLL_SECONDS = 0.1
ENDED = ("succeeded", "failed", "dead", "cancelled")


class PlanClient:
    """The API as the command line uses it; every refusal becomes one line for the user."""

    def __init__(self, api: str, token: str | None, *, timeout: float = 30.0) -> None:
        if not token:
            raise CommandError("Give --token or BEDPLATE_TOKEN: an access token or an API key")
        headers = {"Authorization": f"Bearer {token}"}
        origin = api.rstrip("/").removesuffix("/v1")
        self._http = httpx.Client(base_url=f"{origin}/v1", headers=headers, timeout=timeout)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def plan_id(self, plan: str) -> str:
        """The id of a plan named by its id or its key."""
        found = self.find(plan)
        if found is None:
            raise CommandError(f"There is no plan {plan!r} in your teams")
        return found

    def find(self, plan: str) -> str | None:
        """The id of a plan named by its id or its key; None where there is none."""
        try:
            return str(UUID(plan))
        except ValueError:
            pass
        items = self.get("/plans", {"key": plan, "limit": "2"})["items"]
        if len(items) > 1:
            raise CommandError(f"More than one of your teams has a plan {plan!r}; name it by its id")
        return items[0]["id"] if items else None

    def create(self, key: str, title: str) -> str:
        """Make a plan and return its id."""
        return self.send("POST", "/plans", json={"key": key, "title": title}).json()["id"]

    def get(self, path: str, params: dict[str, str] | None = None) -> Any:
        return self.send("GET", path, params=params or {}).json()

    def finished(self, accepted: httpx.Response, patience: float) -> Any:
        """Wait for the job that was accepted and return its result."""
        path = accepted.headers["location"].removeprefix("/v1")
        deadline = time.monotonic() + patience
        while (job := self.get(path))["state"] not in ENDED:
            if time.monotonic() > deadline:
                raise CommandError(f"The job {job['id']} is still {job['state']}; does a worker run?")
            time.sleep(POLL_SECONDS)
        if job["state"] != "succeeded":
            raise CommandError(f"The job {job['id']} {job['state']}: {job['error']}")
        return job["result"]

    def send(self, method: str, path: str, **rest: Any) -> httpx.Response:
        """Send a request.

        Raises:
            CommandError: the service cannot be reached, or refuses.
        """
        try:
            answer = self._http.request(method, path, **rest)
        except httpx.TransportError as error:
            reason = str(error) or type(error).__name__
            raise CommandError(f"No answer from {self._http.base_url}: {reason}; give --api") from error
        if answer.is_success:
            return answer
        raise CommandError(_refusal(answer))


def _refusal(answer: httpx.Response) -> str:
    try:
        problem = msgspec.json.decode(answer.content, type=dict[str, Any])
    except msgspec.DecodeError:
        return f"The service answered {answer.status_code}"
    detail = problem.get("detail") or "; ".join(e["message"] for e in problem.get("errors", []))
    title = str(problem.get("title", answer.status_code))
    # Where there is no detail, the service repeats the title.
    return title if detail in {"", title} else f"{title}: {detail}"
