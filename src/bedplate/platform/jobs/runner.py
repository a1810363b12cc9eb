import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Mapping
from uuid import UUID

from bedplate.platform.db import Database
from bedplate.platform.jobs import metrics
from bedplate.platform.jobs.attempt import Attempt
from bedplate.platform.jobs.context import JobContext
from bedplate.platform.jobs.ledger.claims import Claim
from bedplate.platform.jobs.ledger.outcomes import Outcome
from bedplate.platform.jobs.recorder import Recorder
from bedplate.platform.jobs.tasks import Tasks
from bedplate.platform.jobs.verdict import Judge
from bedplate.platform.telemetry import attach

STOP_SECONDS = 5.0
logger = logging.getLogger(__name__)


class Runner:
    """Makes attempts, and has their outcomes recorded; `freed` is told when a limited task has room again."""

    def __init__(
        self,
        database: Database,
        tasks: Tasks,
        resources: Mapping[type, object],
        judge: Judge,
        recorder: Recorder,
        *,
        freed: Callable[[], None],
    ) -> None:
        self._database = database
        self._tasks = tasks
        self._resources = resources
        self._judge = judge
        self._recorder = recorder
        self._freed = freed
        self.attempts: dict[UUID, Attempt] = {}
        self._idle = asyncio.Event()

    async def run(self, claim: Claim) -> None:
        """Make one attempt and return when its outcome is in the ledger.

        Raises:
            LookupError: the task is not known here.
        """
        task = self._tasks.get(claim.task)
        if task is None:
            raise LookupError(claim.task)
        attempt = self.attempts[claim.id] = Attempt(claim, task)
        metrics.started(claim)
        began = time.perf_counter()
        try:
            outcome = await self._attempt(attempt)
            recorded = await self._recorder.record(outcome) if outcome is not None else None
            if recorded is not None:
                metrics.ended(claim, recorded)
            if claim.limited:
                self._freed()
        finally:
            metrics.stopped(claim, time.perf_counter() - began)
            if self.attempts.get(claim.id) is attempt:
                del self.attempts[claim.id]
            if not self.attempts:
                self._idle.set()

    def stop(self, job_id: UUID) -> None:
        """Cancel a job if it runs here."""
        attempt = self.attempts.get(job_id)
        if attempt is not None:
            attempt.stop("cancelled")

    async def idle(self, seconds: float) -> None:
        """Wait until nothing runs, but only so long."""
        if self.attempts:
            self._idle.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._idle.wait()

    async def _attempt(self, attempt: Attempt) -> Outcome | None:
        work = attempt.work = asyncio.create_task(self._call(attempt))
        try:
            await self._watch(attempt, work)
        except asyncio.CancelledError:
            attempt.stop("drain")
        if not work.done():
            await asyncio.wait({work}, timeout=STOP_SECONDS)
        if not work.done():
            logger.warning("job %s (%s) does not stop", attempt.claim.id, attempt.claim.task)
            return self._judge.stopped(attempt)
        if work.cancelled():
            return self._judge.stopped(attempt)
        error = work.exception()
        if error is not None:
            return self._judge.raised(attempt, error)
        return self._judge.returned(attempt, work.result())

    async def _watch(self, attempt: Attempt, work: asyncio.Task[object]) -> None:
        while not work.done() and attempt.why is None:
            left = attempt.left()
            if left <= 0:
                attempt.stop("timeout")
                return
            await asyncio.wait({work}, timeout=left)

    async def _call(self, attempt: Attempt) -> object:
        claim, task = attempt.claim, attempt.task
        context = JobContext(claim, self._database, self._resources, attempt.beat, attempt.stopping)
        number, key = claim.attempt, str(claim.id)
        follows = f"{key}:{number - 1}" if number > 1 else ""
        told = {"messaging.message.id": key, "job.attempt": number, "job.queue": claim.queue}
        name = f"process {claim.task}"
        with attach(claim.traceparent, name, "consumer", key=f"{key}:{number}", follows=follows, **told):
            return await task.body(context, task.decode(claim.payload, claim.payload_version))
