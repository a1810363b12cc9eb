"""Business metrics count what is on the audit trail, once it is committed, in a bounded number of series."""

import math
from pathlib import Path

import pytest
from prometheus_client import REGISTRY

from bedplate.app import DOMAINS
from bedplate.domains.audit import Actor, record
from bedplate.platform.telemetry.tallies import Tally
from fixtures.people import new_email

ROOT = Path(__file__).parents[3]
TALLIES = [tally for domain in DOMAINS for tally in domain.metrics]


def value(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(f"bedplate_{name}", labels) or 0.0


async def test_sign_ups_and_sign_ins_are_counted_by_outcome(asgi, join):
    signups = value("signups_total", method="password")
    entered = value("sign_ins_total", method="password", outcome="succeeded")
    refused = value("sign_ins_total", method="password", outcome="refused")
    person = await join(asgi, verified=False)
    await asgi.post("/v1/auth/login", json={"email": person.email, "password": "a wrong phrase 42"})
    await asgi.post("/v1/auth/login", json={"email": new_email(), "password": "a wrong phrase 42"})
    assert value("signups_total", method="password") == signups + 1
    assert value("sign_ins_total", method="password", outcome="succeeded") == entered + 1
    assert value("sign_ins_total", method="password", outcome="refused") == refused + 2


async def test_a_sign_up_for_a_known_address_is_not_counted(asgi, join):
    person = await join(asgi, verified=False)
    before = value("signups_total", method="password"), value("teams_created_total")
    again = {"email": person.email, "password": "a long enough phrase 42", "name": "Person"}
    assert (await asgi.post("/v1/auth/signup", json=again)).status_code == 202
    assert (value("signups_total", method="password"), value("teams_created_total")) == before


async def test_plans_and_closed_tasks_are_counted(asgi, join):
    person = await join(asgi)
    plans, closed = value("plans_created_total"), value("tasks_completed_total")
    moved = value("tasks_moved_total", after="in_progress")
    plan = await asgi.post("/v1/plans", json={"key": "counted", "title": "Counted"}, headers=person.headers)
    tasks = f"/v1/plans/{plan.json()['id']}/tasks"
    task = (await asgi.post(tasks, json={"title": "One"}, headers=person.headers)).json()
    for state in ("in_progress", "completed"):
        etag = (await asgi.get(f"/v1/tasks/{task['id']}", headers=person.headers)).headers["etag"]
        answer = await asgi.patch(
            f"/v1/tasks/{task['id']}", json={"state": state}, headers={**person.headers, "if-match": etag}
        )
        assert answer.status_code == 200
    assert value("plans_created_total") == plans + 1
    assert value("tasks_moved_total", after="in_progress") == moved + 1
    assert value("tasks_completed_total") == closed + 1


async def test_what_is_rolled_back_is_not_counted(app):
    database = app.state.database
    before = value("plans_created_total")
    async with database.transaction() as session:
        await record(session, "plan.created", Actor())
        await session.rollback()
    async with database.transaction() as session:
        await record(session, "plan.created", Actor())
        outer = await session.begin_nested()
        inner = await session.begin_nested()
        await record(session, "plan.created", Actor())
        await inner.commit()
        await outer.rollback()
        assert value("plans_created_total") == before
    assert value("plans_created_total") == before + 1


@pytest.mark.parametrize("tally", TALLIES, ids=lambda tally: tally.name)
async def test_series_are_bounded_and_stand_at_zero(tally, app):
    (family,) = [f for f in REGISTRY.collect() if f.name == f"bedplate_{tally.name.removesuffix('_total')}"]
    series = [s for s in family.samples if s.name.endswith("_total")]
    combinations = math.prod(len(values) for values in tally.labels.values())
    bound = math.prod(len({*values, tally.otherwise}) for values in tally.labels.values())
    assert combinations <= len(series) <= bound <= 40


def test_labels_that_are_not_declared_share_one_series():
    tally = Tally("x_total", "X.", {"x.happened": {"kind": "a"}}, {"kind": ("a",), "by": ("person",)})
    assert tally.values("x.happened", {"by": "person"}) == ("a", "person")
    assert tally.values("x.happened", {"by": "canary"}) == ("a", "other")
    assert tally.values("x.happened", {}) == ("a", "other")


def test_what_is_counted_is_on_the_audit_trail():
    plans = (p for p in (ROOT / "src/bedplate/domains/plans").rglob("*.py") if p.name != "metrics.py")
    known = "".join(p.read_text() for p in [ROOT / "docs/reference/audit-events.md", *plans])
    assert [event for tally in TALLIES for event in tally.events if event not in known] == []
