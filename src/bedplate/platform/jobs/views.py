import datetime as dt
from uuid import UUID

import msgspec

# A job that is due within this is simply new.
FRESH = dt.timedelta(seconds=1)
NULL = msgspec.Raw(b"null")


class JobView(msgspec.Struct, kw_only=True):
    """A job as its owner sees it.

    `progress` is 0 to 100; `next_attempt_at` is set while a retry is due; `result` is null until the job
    has succeeded, and for a large one, which `/result` serves.
    """

    id: UUID
    type: str
    state: str
    progress: int
    message: str | None
    attempts: int
    max_attempts: int
    result: msgspec.Raw = msgspec.field(default_factory=lambda: NULL)
    error: str | None
    created_at: dt.datetime
    started_at: dt.datetime | None
    ended_at: dt.datetime | None
    next_attempt_at: dt.datetime | None
    cancel_requested: bool
    owner_id: UUID | None
    team_id: UUID | None
    parent_id: UUID | None
    queue: str
    priority: int
    tags: list[str]


class JobRow(msgspec.Struct):
    """The columns of a `JobView`, in the order of `reads.COLUMNS`."""

    id: UUID
    type: str
    state: str
    progress: int
    message: str | None
    attempts: int
    max_attempts: int
    result: str | None
    error: str | None
    created_at: dt.datetime
    started_at: dt.datetime | None
    ended_at: dt.datetime | None
    available_at: dt.datetime
    cancel_requested: bool
    owner_id: UUID | None
    team_id: UUID | None
    parent_id: UUID | None
    queue: str
    priority: int
    tags: list[str]

    def _waits(self, due: dt.datetime) -> bool:
        return self.state == "queued" and (self.attempts > 0 or due - self.created_at > FRESH)

    def view(self, inline_result: int) -> JobView:
        """The job as clients see it; a result of more bytes than `inline_result` is left to `/result`."""
        values = {name: getattr(self, name) for name in self.__struct_fields__}
        due = values.pop("available_at")
        text: str | None = values.pop("result")
        shown = NULL if text is None or len(text) > inline_result else msgspec.Raw(text.encode())
        return JobView(**values, next_attempt_at=due if self._waits(due) else None, result=shown)


class LargeResult(msgspec.Struct):
    """A result that does not lie with its job."""

    data: str


class AttemptView(msgspec.Struct):
    """An attempt that did not succeed, for operators at the command: `detail` is in no answer of the API."""

    attempt: int
    outcome: str
    worker: str | None
    started_at: dt.datetime
    ended_at: dt.datetime
    error: str | None
    detail: str | None


class ScheduleView(msgspec.Struct, kw_only=True):
    """A schedule, what it did last, and when it is due."""

    name: str
    type: str
    cron: str
    timezone: str
    catch_up: str
    paused: bool
    next_at: dt.datetime | None
    next_runs: list[dt.datetime]
    last_at: dt.datetime | None
    last_job_id: UUID | None
    missed: int
    last_missed_at: dt.datetime | None


class ScheduleRow(msgspec.Struct):
    """What the ledger knows of a schedule."""

    name: str
    next_at: dt.datetime
    last_at: dt.datetime | None
    last_job_id: UUID | None
    paused: bool
    missed: int
    last_missed_at: dt.datetime | None


class ProgressEvent(msgspec.Struct):
    """A step of progress; `seq` counts from 1 without gaps."""

    seq: int
    at: dt.datetime
    attempt: int
    progress: int
    message: str
