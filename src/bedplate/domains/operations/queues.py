from typing import Any

import msgspec
from litestar import Controller, Request, Response, get
from litestar_saq import TaskQueues

from bedplate.platform.auth.access import requires
from bedplate.platform.db import Page, PageQuery, computed_page
from bedplate.platform.http.answers import paged


class QueueView(msgspec.Struct):
    """A queue, with the jobs in it by the ledger: `queued` counts those that are due later too."""

    name: str
    queued: int
    active: int


class QueueController(Controller):
    """The queues that workers take jobs from."""

    path = "/v1/queues"
    tags = ("jobs",)

    @get("/", access=requires("schedules:read"))
    async def list_queues(
        self, request: Request[Any, Any, Any], task_queues: TaskQueues, page: PageQuery
    ) -> Response[Page[QueueView]]:
        """List every queue with how much waits and runs."""
        found = [await queue.info() for queue in task_queues.queues.values()]
        views = [QueueView(q["name"], q["queued"], q["active"]) for q in found]
        return paged(request, computed_page(page, "queues", views, lambda each: each.name))
