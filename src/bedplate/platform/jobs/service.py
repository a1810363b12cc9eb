from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import or_, select, type_coerce
from sqlalchemy.ext.asyncio import AsyncSession

from bedplate.platform.auth.access import SessionRequired
from bedplate.platform.auth.caller import Caller
from bedplate.platform.db import Page, PageQuery, ReadPool
from bedplate.platform.errors import FieldError, Invalid
from bedplate.platform.jobs.control import cancel_job, retry_job
from bedplate.platform.jobs.enqueue import enqueue
from bedplate.platform.jobs.errors import JobNotFound, JobTypeForbidden, JobWithoutResult, UnknownJobType
from bedplate.platform.jobs.models import Job
from bedplate.platform.jobs.reads import TeamScope, all_in_scope, in_scope, job_listing, one_job, result_of
from bedplate.platform.jobs.tasks import Task, Tasks
from bedplate.platform.jobs.views import JobRow, JobView
from bedplate.settings.jobs import JobsSettings

NOT_INLINE = -1


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
        self._writable = select(Job.id).where(in_scope(writers))
        team_id = type_coerce(Job.team_id, Job.team_id.type)
        self._retriable = select(Job).where(in_scope(writers), or_(Job.team_id.is_(None), writers(team_id)))

    async def get(self, reads: ReadPool, caller: Caller, job_id: UUID) -> JobView:
        """Return a job.

        Raises:
            JobNotFound: it does not exist for this person.
        """
        row = await self._one.first(reads, user_id=caller.user_id, job_id=job_id)
        if row is None:
            raise JobNotFound
        return self._view(row, caller)

    async def page(
        self, reads: ReadPool, query: PageQuery, caller: Caller, *, tag: str | None = None, **filters: Any
    ) -> Page[JobView]:
        """Return a page of jobs, the newest first; filters are those of the listing."""
        values = {**filters, "tag": tag, "tags": None if tag is None else [tag]}
        page = await self._list.page(reads, query, user_id=caller.user_id, **values)
        return Page([self._view(row, caller) for row in page.items], page.next_cursor)

    async def result(self, reads: ReadPool, caller: Caller, job_id: UUID) -> bytes:
        """Return a succeeded job's result as JSON.

        Raises:
            JobNotFound: the job does not exist for this person.
            SessionRequired: an API key asks for the result of a type that is not for keys.
            JobWithoutResult: it has not succeeded.
        """
        row = await self._one.first(reads, user_id=caller.user_id, job_id=job_id)
        if row is None:
            raise JobNotFound
        _require_session(self._tasks.get(row.type), caller)
        if row.state != "succeeded":
            raise JobWithoutResult(f"The job is {row.state}")
        return await result_of(reads, row)

    async def cancel(self, session: AsyncSession, user_id: UUID, job_id: UUID) -> None:
        """Cancel a job and those under it; a dead letter is dismissed.

        Raises:
            JobNotFound: it is not this person's to cancel.
            JobEnded: it has ended already, is no dead letter, and nothing under it is queued or running.
        """
        if await session.scalar(self._writable.where(Job.id == job_id), {"user_id": user_id}) is None:
            raise JobNotFound
        await cancel_job(session, job_id, keep=self._settings.keep_cancelled)

    async def retry(self, session: AsyncSession, caller: Caller, job_id: UUID) -> None:
        """Queue a failed or dead job again, for somebody who may start it now.

        Raises:
            JobNotFound: it is not this person's to retry, or is of a team in which he may not write any more.
            JobTypeForbidden: the credential lacks the type's permission.
            SessionRequired: an API key asks, and the type is not for keys.
            JobNotEnded: it is queued or running.
            JobEnded: it has succeeded or was cancelled, or the one above it was.
            JobKeyTaken: another job with its unique key is queued or running.
        """
        job = await session.scalar(self._retriable.where(Job.id == job_id), {"user_id": caller.user_id})
        if job is None:
            raise JobNotFound
        task = self._tasks.get(job.task)
        if task is not None:
            _permit(task, caller)
            if task.admit is not None:
                payload = task.decode(msgspec.json.encode(job.payload), job.payload_version)
                await task.admit(session, caller.user_id, payload)
        await retry_job(session, job_id, attempts=task.max_attempts if task else 1)

    async def start(self, session: AsyncSession, caller: Caller, name: str, payload: msgspec.Raw) -> UUID:
        """Enqueue a job of a public type for a person, or tell the one that runs where there is one for each.

        Raises:
            UnknownJobType: there is no public type of this name.
            JobTypeForbidden: the credential lacks the type's permission.
            SessionRequired: an API key asks, and the type is not for keys.
            Invalid: the payload is not of the type's schema.
        """
        task = self._tasks.get(name)
        if task is None or not task.public:
            known = ", ".join(sorted(one.name for one in self._tasks.all() if one.public))
            message = f"One of: {known}"
            raise UnknownJobType(message, errors=[FieldError("/type", "enum", message)])
        _permit(task, caller)
        value = decode_payload(task, payload)
        owner = caller.user_id
        team_id = await task.admit(session, owner, value) if task.admit else None
        key = str(owner) if task.one_each else None
        return await enqueue(session, task, value, owner_id=owner, team_id=team_id, unique_key=key)

    def _view(self, row: JobRow, caller: Caller) -> JobView:
        refused = _is_refused(self._tasks.get(row.type), caller)
        return row.view(NOT_INLINE if refused else self._settings.inline_result)


def _permit(task: Task[Any], caller: Caller) -> None:
    if task.permission is not None and not caller.may(task.permission):
        raise JobTypeForbidden(extra={"permission": task.permission})
    _require_session(task, caller)


def _require_session(task: Task[Any] | None, caller: Caller) -> None:
    if _is_refused(task, caller):
        raise SessionRequired


def _is_refused(task: Task[Any] | None, caller: Caller) -> bool:
    return task is not None and task.session and caller.key_id is not None


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
