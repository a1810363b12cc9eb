"""What happened to a plan, as a stream. Events are written and read by SQL; the model says what migrations make."""

from bedplate.domains.plans.events.models import PlanEvent

__all__ = ["PlanEvent"]
