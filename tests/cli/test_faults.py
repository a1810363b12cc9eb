"""Whatever a user can mend ends in one line that says what to do."""

import socket

import asyncpg
import httpx
import pytest
from alembic.util.exc import CommandError as AlembicError
from sqlalchemy.exc import OperationalError

from bedplate.cli.errors import CommandError
from bedplate.cli.faults import USER_FAULTS, one_line
from bedplate.cli.plans_client import PlanClient
from bedplate.platform.limits import LimitsError

FULL = asyncpg.DiskFullError(
    'could not extend file "base/1": No space left on device\nHINT:  Check free disk space.'
)


@pytest.mark.parametrize(
    ("fault", "advice"),
    [
        (FULL, "free some space and start again"),
        (OperationalError("insert", {}, FULL), "free some space and start again"),
        (asyncpg.PostgresError("no\nDETAIL:  more"), "check BEDPLATE_DATABASE_URL"),
        (socket.gaierror(-2, "Name or service not known"), "check BEDPLATE_DATABASE_URL"),
        (FileNotFoundError(2, "No such file or directory"), "check BEDPLATE_DATABASE_URL"),
        (TimeoutError(), "TimeoutError; check BEDPLATE_DATABASE_URL"),
        (FileNotFoundError(2, "No such file or directory", "plan.md"), "plan.md: No such file or directory"),
        (asyncpg.UndefinedFunctionError("function f() does not exist"), "run `bedplate db upgrade`"),
        (AlembicError("Target database is not up to date."), "`bedplate db upgrade` takes it to the newest"),
        (LimitsError("BEDPLATE_LIMITS_OVERRIDES: 'x' is not `name=quota/seconds`"), "name=quota/seconds"),
    ],
)
def test_a_fault_is_one_line_with_advice(fault: Exception, advice: str) -> None:
    assert isinstance(fault, USER_FAULTS)
    said = one_line(fault)
    assert advice in said
    assert "\n" not in said


@pytest.mark.parametrize(
    ("problem", "said"),
    [
        ({"title": "Too large", "detail": "Too large"}, "Too large"),
        ({"title": "Too large", "detail": "2 MiB at most"}, "Too large: 2 MiB at most"),
    ],
)
def test_a_refusal_is_not_said_twice(
    monkeypatch: pytest.MonkeyPatch, problem: dict[str, str], said: str
) -> None:
    def refused(*_: object, **__: object) -> httpx.Response:
        return httpx.Response(413, json=problem)

    monkeypatch.setattr(httpx.Client, "request", refused)
    with PlanClient("http://127.0.0.1", "token") as client, pytest.raises(CommandError, match=f"^{said}$"):
        client.send("GET", "/plans")
