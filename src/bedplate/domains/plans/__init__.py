"""Living plans: the plan as data, its document without damage, and the drift between them."""

from bedplate.domains.plans.controllers import PlanController
from bedplate.domains.plans.dependencies.controllers import DependencyController
from bedplate.domains.plans.errors import ERRORS
from bedplate.domains.plans.insight.controllers import ImpactController, InsightController
from bedplate.domains.plans.jobs import export_plan, import_plan
from bedplate.domains.plans.revisions.controllers import DocumentController, RevisionController
from bedplate.domains.plans.tasks.controllers import PlanTaskController, TaskController
from bedplate.platform.domain import Domain

DOMAIN = Domain(
    name="plans",
    controllers=(
        PlanController,
        PlanTaskController,
        TaskController,
        DependencyController,
        RevisionController,
        DocumentController,
        InsightController,
        ImpactController,
    ),
    jobs=(import_plan, export_plan),
    permissions={
        "plans:read": "See the plans of one's teams",
        "plans:write": "Make and change plans in teams where one may write",
    },
    errors=ERRORS,
)

__all__ = ["DOMAIN"]
