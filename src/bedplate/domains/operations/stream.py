import re
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from uuid import UUID

import msgspec

from bedplate.platform.auth.caller import Caller
from bedplate.platform.errors import BadRequest, NotFound, Unauthenticated
from bedplate.platform.jobs import JobBook, JobsRuntime, JobView
from bedplate.platform.jobs.events import follow
from bedplate.platform.jobs.models import ENDED
from bedplate.platform.jobs.views import ProgressEvent

SEEN = re.compile(r"(\d{1,9})(?:-ended-(\d{1,9}))?", re.ASCII)
KEEP_ALIVE = b": keep-alive\n\n"
RETRY = b"retry: 1000\n\n"
LONGEST_SECONDS = 300.0
LOOK_SECONDS = 5.0
"""Between two looks at whether the job is still the caller's, however often it reports."""

type Still = Callable[[], Awaitable[Caller]]


def last_seen(last_event_id: str | None) -> tuple[int, int | None]:
    """The event after which a stream goes on, and the attempt with which the job had ended, if it had.

    A retried job goes on counting its events, so whoever saw its former end sees none of them twice.

    Raises:
        BadRequest: it is none of ours.
    """
    if not last_event_id:
        return 0, None
    found = SEEN.fullmatch(last_event_id)
    if found is None:
        raise BadRequest("Last-Event-ID is not one of this stream's")
    return int(found[1]), int(found[2]) if found[2] else None


async def event_stream(
    jobs: JobsRuntime, book: JobBook, job_id: UUID, after: int, still: Still
) -> AsyncGenerator[bytes]:
    """Render a job's events as text/event-stream (WHATWG HTML, 9.2): `progress` with ids, `state` with the job.

    It ends with the job, once the credential has ended (`still`, which tells whose it is, raises), once the job is
    no longer the caller's, and after some minutes in any case: a client that connects again shows it again.
    """
    reads = jobs.database.reads
    checked = time.monotonic()
    ends = checked + LONGEST_SECONDS
    yield RETRY
    async with aclosing(follow(reads, jobs.watch, job_id, after)) as events:
        async for event in events:
            now = time.monotonic()
            progress = isinstance(event, ProgressEvent)
            after = event.seq if progress else after
            if progress and now - checked < LOOK_SECONDS:
                yield _progress(event)
                continue
            try:
                view = await book.get(reads, await still(), job_id)
            except (NotFound, Unauthenticated):
                return
            checked = now
            yield (
                _progress(event) if progress else KEEP_ALIVE if event is None else _state(event, view, after)
            )
            if now > ends:
                return


def _progress(event: ProgressEvent) -> bytes:
    return _event("progress", msgspec.json.encode(event), str(event.seq))


def _state(state: str, view: JobView, after: int) -> bytes:
    event_id = f"{after}-ended-{view.attempts}" if state in ENDED else None
    return _event("state", msgspec.json.encode(view), event_id)


def _event(name: str, data: bytes, event_id: str | None) -> bytes:
    identity = f"id: {event_id}\n" if event_id else ""
    return f"{identity}event: {name}\ndata: ".encode() + data + b"\n\n"
