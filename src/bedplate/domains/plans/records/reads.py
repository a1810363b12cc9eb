import datetime as dt
from uuid import UUID

from sqlalchemy import bindparam, select

from bedplate.domains.plans.records.models import Criterion, Decision, Lesson, Measurement, Risk
from bedplate.domains.plans.records.schemas import (
    CriterionView,
    DecisionView,
    LessonView,
    MeasurementView,
    RiskView,
)
from bedplate.domains.plans.rows import listing, one
from bedplate.domains.teams import in_callers_teams
from bedplate.platform.db import Listing, Sort

DECISION = one(Decision, DecisionView)
DECISIONS = listing("decisions", Decision, DecisionView, {"status": Decision.status == bindparam("status")})
LESSON = one(Lesson, LessonView)
LESSONS = listing("lessons", Lesson, LessonView)
RISK = one(Risk, RiskView)
RISKS = listing(
    "risks",
    Risk,
    RiskView,
    {"level": Risk.level == bindparam("level"), "phase": Risk.phase_id == bindparam("phase")},
)
CRITERION = one(Criterion, CriterionView)
CRITERIA = listing(
    "criteria",
    Criterion,
    CriterionView,
    {"met": Criterion.met == bindparam("met"), "phase": Criterion.phase_id == bindparam("phase")},
)
MEASUREMENTS = Listing(
    "measurements",
    select(*(getattr(Measurement, name) for name in MeasurementView.__struct_fields__)).where(
        Measurement.criterion_id == bindparam("criterion_id"), in_callers_teams(Measurement.team_id)
    ),
    MeasurementView,
    sorts={"at": Sort(columns=(Measurement.at, Measurement.id), kinds=(dt.datetime, UUID))},
    default_sort="-at",
)
