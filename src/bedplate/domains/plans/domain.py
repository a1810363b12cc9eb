"""What the domain brings to the service."""

from litestar.di import Provide

from bedplate.domains.plans.batches.controllers import BatchController
from bedplate.domains.plans.caching import provide_cache
from bedplate.domains.plans.claims.controllers import ClaimController
from bedplate.domains.plans.controllers import PlanController
from bedplate.domains.plans.dependencies.controllers import DependencyController
from bedplate.domains.plans.errors import ERRORS
from bedplate.domains.plans.events.controllers import PlanEventController
from bedplate.domains.plans.examples import EXAMPLES
from bedplate.domains.plans.insight.controllers import ImpactController, InsightController
from bedplate.domains.plans.jobs import export_plan, import_plan
from bedplate.domains.plans.metrics import METRICS
from bedplate.domains.plans.personal import export_plans
from bedplate.domains.plans.phases.controllers import PhaseController
from bedplate.domains.plans.records.criteria import CriterionController
from bedplate.domains.plans.records.decisions import DecisionController
from bedplate.domains.plans.records.lessons import LessonController
from bedplate.domains.plans.records.risks import RiskController
from bedplate.domains.plans.revisions.controllers import DocumentController, RevisionController
from bedplate.domains.plans.sweeping import SWEEPING, sweep
from bedplate.domains.plans.tasks.controllers import PlanTaskController, TaskController
from bedplate.domains.plans.tasks.parts import TaskPartController
from bedplate.domains.plans.time.controllers import TimeController, TimeEntryController
from bedplate.platform.domain import Domain

DOMAIN = Domain(
    name="plans",
    metrics=METRICS,
    controllers=(
        PlanController,
        PhaseController,
        PlanTaskController,
        BatchController,
        TaskController,
        TaskPartController,
        ClaimController,
        DependencyController,
        InsightController,
        ImpactController,
        DecisionController,
        LessonController,
        RiskController,
        CriterionController,
        TimeController,
        TimeEntryController,
        RevisionController,
        DocumentController,
        PlanEventController,
    ),
    jobs=(import_plan, export_plan, sweep),
    schedules=(SWEEPING,),
    exports={"plans": export_plans},
    permissions={
        "plans:read": "See the plans of one's teams",
        "plans:write": "Make and change plans in teams where one may write",
    },
    errors=ERRORS,
    dependencies={"cache": Provide(provide_cache, sync_to_thread=False)},
    examples=EXAMPLES,
)
