from typing import Annotated
from uuid import UUID

from litestar import Controller, get
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
        caller: Caller,
        reads: ReadPool,
        last_event_id: Annotated[
            str | None, HeaderParameter(name="Last-Event-ID", description="Go on after this event")
        ] = None,
    ) -> Stream:
        """Follow a plan by server-sent events: each change once, in order; resumed, none is missed."""
        await visible_plan(reads, plan_id, caller.user_id)
        after = place_of(last_event_id) if last_event_id else await newest_place(reads, plan_id)
        return Stream(
            event_stream(reads, plan_id, after),
            media_type="text/event-stream",
            headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
        )
