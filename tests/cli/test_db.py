"""`bedplate db`: what a revision may be."""

import pytest

from bedplate.platform.db import migrate
from fixtures.cli import Run


@pytest.mark.parametrize("revision", ["-1", "0012", "base"])
async def test_a_step_back_is_no_option(run: Run, monkeypatch: pytest.MonkeyPatch, revision: str) -> None:
    asked: list[str] = []
    monkeypatch.setattr(migrate, "downgrade", lambda _, to: asked.append(to))
    ended = await run("db", "downgrade", revision)
    assert ended.exit_code == 0, ended.stderr
    assert asked == [revision]


async def test_a_revision_that_is_none_ends_in_one_line(run: Run) -> None:
    ended = await run("db", "downgrade", "no-such-revision")
    assert ended.exit_code == 2
    assert "no-such-revision" in ended.stderr.splitlines()[-1]
    assert "bedplate db status" in ended.stderr.splitlines()[-1]
