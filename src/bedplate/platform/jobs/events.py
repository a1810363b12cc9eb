import asyncio
import contextlib
from collections.abc import AsyncGenerator, Generator
from contextlib import contextmanager
from uuid import UUID

from bedplate.platform.db import ReadPool
from bedplate.platform.jobs.models import ENDED
from bedplate.platform.jobs.reads import EVENTS
from bedplate.platform.jobs.views import ProgressEvent

LOOK_SECONDS = 0.2
KEEP_ALIVE_SECONDS = 15.0
STANDING = "select id, event_seq, state, attempt from job where id = any($1)"

type Standing = tuple[int, str, int]


class Watch:
    """Tells the streams of this process that a job has moved: one query for all of them, while there are any."""

    def __init__(self, reads: ReadPool) -> None:
        self._reads = reads
        self._watched: dict[UUID, set[asyncio.Event]] = {}
        self._standing: dict[UUID, Standing] = {}
        self._looking: asyncio.Task[None] | None = None

    @contextmanager
    def on(self, job_id: UUID) -> Generator[asyncio.Event]:
        """Lend an event that is set whenever the job has moved."""
        moved = asyncio.Event()
        self._watched.setdefault(job_id, set()).add(moved)
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look())
        try:
            yield moved
        finally:
            watchers = self._watched[job_id]
            watchers.discard(moved)
            if not watchers:
                del self._watched[job_id]
                self._standing.pop(job_id, None)

    async def _look(self) -> None:
        while self._watched:
            await asyncio.sleep(LOOK_SECONDS)
            with contextlib.suppress(Exception):
                await self._compare()

    async def _compare(self) -> None:
        ids = list(self._watched)
        found: dict[UUID, Standing] = {
            row[0]: (row[1], row[2], row[3]) for row in await self._reads.fetch(STANDING, ids)
        }
        for job_id in ids:
            standing = found.get(job_id)
            if standing is None or standing != self._standing.get(job_id):
                if standing is not None:
                    self._standing[job_id] = standing
                for moved in self._watched.get(job_id, ()):
                    moved.set()


async def follow(
    reads: ReadPool, watch: Watch, job_id: UUID, after: int
) -> AsyncGenerator[ProgressEvent | str | None]:
    """Yield a job's progress after an event, then its states as they change, until it has ended.

    A step of progress is an event, a state its name; None says that nothing has happened for a while.
    An ended job's stream replays its events, gives its state and ends; so does that of a deleted job.
    """
    shown: str | None = None
    with watch.on(job_id) as moved:
        while True:
            # The state first: events that come after it are seen in the next round, none is passed by.
            row = await reads.fetchrow("select state from job where id = $1", job_id)
            for event in await EVENTS.all(reads, job_id=job_id, after=after):
                after = event.seq
                yield event
            state = None if row is None else str(row[0])
            if state is not None and state != shown:
                shown = state
                yield state
            if state is None or state in ENDED:
                return
            if not await _within(moved, KEEP_ALIVE_SECONDS):
                yield None


async def _within(moved: asyncio.Event, seconds: float) -> bool:
    try:
        async with asyncio.timeout(seconds):
            await moved.wait()
    except TimeoutError:
        return False
    moved.clear()
    return True
