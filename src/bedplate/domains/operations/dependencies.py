from functools import lru_cache, partial
from typing import Any

from litestar import Request

from bedplate.domains.teams import WRITERS, in_callers_teams
from bedplate.platform.jobs import JobBook, JobsRuntime


def provide_runtime(request: Request[Any, Any, Any]) -> JobsRuntime:
    """The dependency `jobs`."""
    return request.app.state.jobs


def provide_book(jobs: JobsRuntime) -> JobBook:
    """The dependency `book`."""
    return _book(jobs)


@lru_cache(maxsize=1)
def _book(jobs: JobsRuntime) -> JobBook:
    # Its reads are compiled once, so one book serves every request.
    return JobBook(
        jobs.tasks,
        jobs.settings,
        readers=in_callers_teams,
        writers=partial(in_callers_teams, roles=WRITERS),
    )
