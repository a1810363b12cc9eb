"""What `bench/jobs.py` says of its figures decides how it ends, so that a build can hold on to it."""

import os
import sys
from collections.abc import Callable
from contextlib import nullcontext
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

PROGRAM = Path(__file__).parents[3] / "bench" / "jobs.py"


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """Call the bench on figures that are given: `bench(full_wait=1.0)` is its exit code."""
    spec = spec_from_file_location("bench_jobs", PROGRAM)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "bench_jobs", module)
    spec.loader.exec_module(module)
    # This process is not the bench's to bind to a core.
    monkeypatch.setattr(os, "sched_setaffinity", lambda _process, _cores: None)
    monkeypatch.setattr(sys, "argv", [str(PROGRAM)])
    monkeypatch.setattr(module, "servers_of", lambda _: nullcontext([None, None]))

    async def finish(_urls: object, _rows: int) -> None: ...

    monkeypatch.setattr(module, "finish", finish)

    def run(
        *, within: float = 900, wait: float = 1.0, full_within: float = 900, full_wait: float = 1.0
    ) -> int:
        def figures(jobs: float, milliseconds: float) -> object:
            return module.Figures(module.Rate(jobs, 100), module.Rate(2000, 50), milliseconds)

        async def measure(*_: object) -> object:
            return module.Rate(1000, 80), [figures(within, wait), figures(full_within, full_wait)]

        monkeypatch.setattr(module, "measure", measure)
        with pytest.raises(SystemExit) as ended:
            module.main()
        assert isinstance(ended.value.code, int)
        return ended.value.code

    return run


def test_what_holds_ends_well(bench: Callable[..., int], capsys: pytest.CaptureFixture[str]) -> None:
    assert bench() == 0
    assert "MISSED" not in capsys.readouterr().out


@pytest.mark.parametrize(
    "missed",
    [
        {"within": 400, "full_within": 400},
        {"wait": 6.0, "full_wait": 6.0},
        {"full_within": 600},
        {"full_wait": 2.0},
    ],
    ids=["rate", "wait", "rate over rows", "wait over rows"],
)
def test_a_promise_that_is_missed_fails_the_run(
    missed: dict[str, float], bench: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert bench(**missed) == 1
    assert capsys.readouterr().out.count("MISSED") == 1
