from typing import Any

from sqlalchemy import ColumnElement, Integer, ScalarSelect, and_, bindparam, func, select
from sqlalchemy.orm import InstrumentedAttribute

from bedplate.domains.plans.models import PlanRow
from bedplate.domains.plans.phases.models import Phase
from bedplate.domains.plans.records.models import Criterion, Decision, Lesson, Risk
from bedplate.domains.plans.schemas import Summary
from bedplate.domains.plans.tasks.models import STATES, ChecklistItem, Task
from bedplate.domains.plans.time.models import TimeEntry
from bedplate.platform.db import Read

type Condition = ColumnElement[bool] | InstrumentedAttribute[bool]


def _count(kind: type[PlanRow], *conditions: Condition) -> ScalarSelect[Any]:
    return _of(kind, func.count(), *conditions)


def _of(kind: type[PlanRow], measure: ColumnElement[Any], *conditions: Condition) -> ScalarSelect[Any]:
    scope = kind.plan_id == bindparam("plan_id")
    return select(measure).select_from(kind).where(scope, *conditions).scalar_subquery()


def _minutes(column: Any) -> ColumnElement[Any]:
    return func.coalesce(func.sum(column), 0).cast(Integer)


_SHUT = ("completed", "cancelled", "deferred")
_OPEN = and_(*(Task.state != state for state in _SHUT), Task.kind != "epic")
SUMMARY = Read(
    select(
        _count(Task).label("tasks"),
        *(_count(Task, Task.state == state).label(state) for state in STATES),
        _count(ChecklistItem).label("items"),
        _count(ChecklistItem, ChecklistItem.done).label("items_done"),
        _count(Criterion).label("criteria"),
        _count(Criterion, Criterion.met).label("criteria_met"),
        _count(Phase).label("phases"),
        _count(Decision).label("decisions"),
        _count(Lesson).label("lessons"),
        _count(Risk).label("risks"),
        _of(Task, _minutes(Task.effort_min), _OPEN).label("effort_min"),
        _of(Task, _minutes(func.coalesce(Task.effort_max, Task.effort_min)), _OPEN).label("effort_max"),
        _of(TimeEntry, _minutes(TimeEntry.minutes)).label("minutes_spent"),
    ),
    Summary,
)
