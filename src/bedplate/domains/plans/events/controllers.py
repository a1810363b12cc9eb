from typing import Annotated, Any
from uuid import UUID

from litestar import Controller, Request, get
from litestar.params import HeaderParameter
from litestar.response import Stream

from bedplate.domains.plans.access import READ
from bedplate.domains.plans.events.stream import event_stream, newest_place, place_of
from bedplate.domains.plans.reads import visible_plan
from bedplate.platform.auth.caller import Caller
from bedplate.platform.db import ReadPool


class PlanEventController(Controller):
    """What happens to a plan."""

    path = "/v1/plans/{plan_id:uuid}/events"
    tags = ("plans",)

    @get("/", access=READ, media_type="text/event-stream")
    async def follow_plan(
        self,
        plan_id: UUID,
        request: Request[Any, Any, Any],
        caller: Caller,
        reads: ReadPool,
        last_event_id: Annotated[
            str | None, HeaderParameter(name="Last-Event-ID", description="Go on after this event")
        ] = None,
    ) -> Stream:
        """Follow a plan by server-sent events: each change once, in order; resumed, none is missed.

        It ends with the credential, and when the plan is no longer one's own.
        """

        async def still() -> None:
            now = await request.app.state.authenticator.again(request.scope)
            await visible_plan(reads, plan_id, now.user_id)

        await visible_plan(reads, plan_id, caller.user_id)
        after = place_of(last_event_id) if last_event_id else await newest_place(reads, plan_id)
        return Stream(
            event_stream(reads, plan_id, after, still),
            media_type="text/event-stream",
            headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
        )
