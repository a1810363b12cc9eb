from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bedplate.platform.db import Page, PageQuery, ReadPool
from bedplate.platform.errors import FieldError, Invalid
from bedplate.platform.jobs.control import cancel_job, retry_job
from bedplate.platform.jobs.enqueue import enqueue
from bedplate.platform.jobs.errors import JobNotFound, JobTypeForbidden, JobWithoutResult, UnknownJobType
from bedplate.platform.jobs.models import Job
from bedplate.platform.jobs.reads import TeamScope, all_in_scope, in_scope, job_listing, one_job, result_of
from bedplate.platform.jobs.tasks import Task, Tasks
from bedplate.platform.jobs.views import JobView
from bedplate.settings.jobs import JobsSettings


class JobBook:
    """Jobs as their owners see and steer them: one's own and those of one's teams; the rest do not exist.

    `readers` and `writers` tell a row's team from the caller's, for looking and for cancelling or retrying.
    """

    def __init__(
        self, tasks: Tasks, settings: JobsSettings, *, readers: TeamScope, writers: TeamScope
    ) -> None:
        self._tasks = tasks
        self._settings = settings
        self._one = one_job(in_scope(readers))
        self._list = job_listing("jobs", all_in_scope(readers))
        self._mine = select(Job.task).where(in_scope(writers))

    async def get(self, reads: ReadPool, user_id: UUID, job_id: UUID) -> JobView:
        """Return a job.

        Raises:
            JobNotFound: it does not exist for this person.
        """
        row = await self._one.first(reads, user_id=user_id, job_id=job_id)
        if row is None:
            raise JobNotFound
        return row.view(self._settings.inline_result)

    async def page(
        self, reads: ReadPool, query: PageQuery, user_id: UUID, *, tag: str | None = None, **filters: Any
    ) -> Page[JobView]:
        """Return a page of jobs, the newest first; filters are those of the listing."""
        values = {**filters, "tag": tag, "tags": None if tag is None else [tag]}
        page = await self._list.page(reads, query, user_id=user_id, **values)
        return Page([row.view(self._settings.inline_result) for row in page.items], page.next_cursor)

    async def result(self, reads: ReadPool, user_id: UUID, job_id: UUID) -> bytes:
        """Return a succeeded job's result as JSON.

        Raises:
            JobNotFound: the job does not exist for this person.
            JobWithoutResult: it has not succeeded.
        """
        row = await self._one.first(reads, user_id=user_id, job_id=job_id)
        if row is None:
            raise JobNotFound
        if row.state != "succeeded":
            raise JobWithoutResult(f"The job is {row.state}")
        return await result_of(reads, row)

    async def cancel(self, session: AsyncSession, user_id: UUID, job_id: UUID) -> None:
        """Cancel a job and those under it.

        Raises:
            JobNotFound: it is not this person's to cancel.
            JobEnded: it has ended already.
        """
        await self._require(session, user_id, job_id)
        await cancel_job(session, job_id, keep=self._settings.keep_cancelled)

    async def retry(self, session: AsyncSession, user_id: UUID, scopes: frozenset[str], job_id: UUID) -> None:
        """Queue a failed or dead job again.

        Raises:
            JobNotFound: it is not this person's to retry.
            JobTypeForbidden: the credential lacks the type's permission.
            JobNotEnded: it is queued or running.
            JobEnded: it has succeeded or was cancelled.
            JobKeyTaken: another job with its unique key is queued or running.
        """
        name = await self._require(session, user_id, job_id)
        task = self._tasks.get(name)
        _permit(task, scopes)
        await retry_job(session, job_id, attempts=task.max_attempts if task else 1)

    async def start(
        self,
        session: AsyncSession,
        user_id: UUID,
        scopes: frozenset[str],
        name: str,
        payload: msgspec.Raw,
    ) -> UUID:
        """Enqueue a job of a public type for a person.

        Raises:
            UnknownJobType: there is no public type of this name.
            JobTypeForbidden: the credential lacks the type's permission.
            Invalid: the payload is not of the type's schema.
        """
        task = self._tasks.get(name)
        if task is None or not task.public:
            known = ", ".join(sorted(one.name for one in self._tasks.all() if one.public))
            message = f"One of: {known}"
            raise UnknownJobType(message, errors=[FieldError("/type", "enum", message)])
        _permit(task, scopes)
        value = decode_payload(task, payload)
        team_id = await task.admit(session, user_id, value) if task.admit else None
        return await enqueue(session, task, value, owner_id=user_id, team_id=team_id)

    async def _require(self, session: AsyncSession, user_id: UUID, job_id: UUID) -> str:
        name = await session.scalar(self._mine.where(Job.id == job_id), {"user_id": user_id})
        if name is None:
            raise JobNotFound
        return name


def _permit(task: Task[Any] | None, scopes: frozenset[str]) -> None:
    if task is not None and task.permission is not None and task.permission not in scopes:
        raise JobTypeForbidden(extra={"permission": task.permission})


def decode_payload[P: msgspec.Struct](task: Task[P], payload: msgspec.Raw) -> P:
    """Read a client's payload.

    Raises:
        Invalid: it breaks a rule of the task's schema; the message names the place.
    """
    try:
        return msgspec.json.decode(payload, type=task.payload)
    except msgspec.ValidationError as error:
        text, _, path = str(error).partition(" - at `$")
        pointer = "/payload" + path.rstrip("`").replace(".", "/").replace("[", "/").replace("]", "")
        raise Invalid(text, errors=[FieldError(pointer, "schema", text)]) from None
