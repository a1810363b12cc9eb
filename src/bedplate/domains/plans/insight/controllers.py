import hashlib
from typing import Any
from uuid import UUID

import msgspec
from litestar import Controller, Request, Response, delete, get, post
from litestar.status_codes import HTTP_200_OK

from bedplate.domains.audit import Actor
from bedplate.domains.plans.access import READ, WRITE
from bedplate.domains.plans.caching import OF_PLAN, OF_PLAN_BY_ACCEPT
from bedplate.domains.plans.document.analysis.finding import Severity
from bedplate.domains.plans.document.analysis.graph import Basis
from bedplate.domains.plans.insight.findings import WaiverService, plan_findings
from bedplate.domains.plans.insight.pictures import ANSWERED, form_of, graph_view, picture
from bedplate.domains.plans.insight.schemas import (
    BlockedTask,
    CriticalPathView,
    FindingView,
    GraphView,
    Impact,
    NewWaiver,
    ReadyTasks,
)
from bedplate.domains.plans.insight.service import (
    blocked_tasks,
    impact_of,
    longest_chains,
    plan_graph,
    ready_tasks,
)
from bedplate.domains.plans.reads import visible_plan
from bedplate.domains.plans.tasks.reads import visible_task
from bedplate.domains.plans.tasks.schemas import TaskView
from bedplate.platform.auth.caller import Caller
from bedplate.platform.cache import Cache
from bedplate.platform.db import Page, PageQuery, ReadPool, Transaction, computed_page
from bedplate.platform.http.answers import next_link, versioned

PICTURES = {
    "text/vnd.mermaid": "string",
    "text/vnd.graphviz": "string",
    "image/svg+xml": "string",
}
GRAPH_PATHS = [
    "/graph",
    "/graph.json",
    "/graph.mmd",
    "/graph.mermaid",
    "/graph.dot",
    "/graph.gv",
    "/graph.svg",
]


class InsightController(Controller):
    """What follows from a plan. `basis` chooses which stated edges count: the text's, the graph's, or both."""

    path = "/v1/plans/{plan_id:uuid}"
    tags = ("insight",)

    @get("/ready", access=READ, cached=OF_PLAN)
    async def list_ready_tasks(
        self,
        request: Request[Any, Any, Any],
        plan_id: UUID,
        caller: Caller,
        reads: ReadPool,
        page: PageQuery,
        basis: Basis = "both",
        explain: bool = False,  # noqa: FBT001, FBT002 - a query parameter
    ) -> Response[ReadyTasks]:
        """List the tasks that can be worked on now; with `explain`, also why each other one cannot."""
        await visible_plan(reads, plan_id, caller.user_id)
        found = await ready_tasks(reads, plan_id, basis, explain=explain)
        shown = computed_page(page, f"ready {plan_id} {basis}", found.items, _id)
        found.items, found.next_cursor = shown.items, shown.next_cursor
        return _paged(request, found)

    @get("/blocked", access=READ, cached=OF_PLAN)
    async def list_blocked_tasks(
        self,
        request: Request[Any, Any, Any],
        plan_id: UUID,
        caller: Caller,
        reads: ReadPool,
        page: PageQuery,
        basis: Basis = "both",
    ) -> Response[Page[BlockedTask]]:
        """List the open tasks that wait for another task."""
        await visible_plan(reads, plan_id, caller.user_id)
        found = await blocked_tasks(reads, plan_id, basis)
        shown = computed_page(page, f"blocked {plan_id} {basis}", found, _id)
        return _paged(request, shown)

    @get("/critical-path", access=READ, cached=OF_PLAN)
    async def show_critical_path(
        self,
        request: Request[Any, Any, Any],
        plan_id: UUID,
        caller: Caller,
        reads: ReadPool,
        basis: Basis = "both",
        target: UUID | None = None,
    ) -> Response[CriticalPathView]:
        """Show the longest chain of open tasks over least and most effort, or the one to `target`."""
        await visible_plan(reads, plan_id, caller.user_id)
        return _hashed(request, await longest_chains(reads, plan_id, basis, target))

    @get(GRAPH_PATHS, access=READ, produces=PICTURES, cached=OF_PLAN_BY_ACCEPT)
    async def show_graph(
        self,
        request: Request[Any, Any, Any],
        plan_id: UUID,
        caller: Caller,
        reads: ReadPool,
        basis: Basis = "both",
    ) -> Response[GraphView]:
        """Show the dependency graph as JSON, Mermaid, DOT or SVG, by suffix or by Accept."""
        form = form_of(request.url.path, request.headers.get("accept", ""))
        await visible_plan(reads, plan_id, caller.user_id)
        plan = await plan_graph(reads, plan_id)
        if form == "json":
            answer: Response[Any] = _hashed(request, graph_view(plan, basis))
        else:
            drawn = picture(plan, form, basis)
            answer = versioned(request, drawn, _digest(drawn.encode()))
            if answer.content is not None:
                answer.media_type = ANSWERED[form]
        answer.headers["Vary"] = "Accept"
        return answer

    @get("/findings", access=READ, cached=OF_PLAN)
    async def list_findings(
        self,
        request: Request[Any, Any, Any],
        plan_id: UUID,
        caller: Caller,
        reads: ReadPool,
        cache: Cache,
        page: PageQuery,
        code: str | None = None,
        severity: Severity | None = None,
        waived: bool | None = None,  # noqa: FBT001 - a query parameter
    ) -> Response[Page[FindingView]]:
        """List where the document contradicts itself or the data."""
        await visible_plan(reads, plan_id, caller.user_id)
        items = [
            each
            for each in await plan_findings(cache, reads, plan_id=plan_id)
            if code in {None, each.code}
            and severity in {None, each.severity}
            and waived in {None, each.waived_reason is not None}
        ]
        name = f"findings {plan_id} {code} {severity} {waived}"
        shown = computed_page(page, name, items, _id)
        return _paged(request, shown)

    @post("/findings/{finding_id:uuid}/waiver", access=WRITE, status_code=HTTP_200_OK)
    async def waive_finding(
        self,
        plan_id: UUID,
        finding_id: UUID,
        data: NewWaiver,
        caller: Caller,
        db: Transaction,
        actor: Actor,
    ) -> FindingView:
        """Answer for a finding, with a reason."""
        return await WaiverService(db).waive(plan_id, finding_id, data.reason, caller.user_id, actor)

    @delete("/findings/{finding_id:uuid}/waiver", access=WRITE)
    async def restore_finding(
        self, plan_id: UUID, finding_id: UUID, caller: Caller, db: Transaction, actor: Actor
    ) -> None:
        """Take a waiver back."""
        await WaiverService(db).restore(plan_id, finding_id, caller.user_id, actor)


class ImpactController(Controller):
    """What hangs on a task."""

    path = "/v1/tasks/{task_id:uuid}/impact"
    tags = ("insight",)

    @get("/", access=READ)
    async def show_impact(
        self, request: Request[Any, Any, Any], task_id: UUID, caller: Caller, reads: ReadPool
    ) -> Response[Impact]:
        """Show what closing the task sets free, and how much work waits behind it."""
        task = await visible_task(reads, task_id, caller.user_id)
        return _hashed(request, await impact_of(reads, task.plan_id, task_id))


def _id(item: TaskView | FindingView) -> UUID:
    return item.id


def _paged[T: ReadyTasks | Page[Any]](request: Request[Any, Any, Any], body: T) -> Response[T]:
    answer = _hashed(request, body)
    answer.headers.update(next_link(request, body.next_cursor))
    return answer


def _hashed[T](request: Request[Any, Any, Any], body: T) -> Response[T]:
    """Answer with a digest as the ETag: no version speaks for what is derived from many rows."""
    return versioned(request, body, _digest(msgspec.json.encode(body)))


def _digest(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=16).hexdigest()
