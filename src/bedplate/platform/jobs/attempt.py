import asyncio
from typing import Any, Literal

from bedplate.platform.jobs.ledger.claims import Claim
from bedplate.platform.jobs.tasks import Task

type Stop = Literal["cancelled", "timeout", "drain", "lost"]


class Attempt:
    """A job that runs here now, and why it shall stop if it shall."""

    def __init__(self, claim: Claim, task: Task[Any]) -> None:
        self.claim = claim
        self.task = task
        self.why: Stop | None = None
        self.stopping = asyncio.Event()
        self.work: asyncio.Task[object] | None = None
        self._loop = asyncio.get_running_loop()
        self._began = self._beaten = self._loop.time()

    def beat(self) -> None:
        """Note that the body is alive."""
        self._beaten = self._loop.time()

    def left(self) -> float:
        """Seconds until the timeout or the heartbeat runs out."""
        timeout, heartbeat = self.task.timeout, self.task.heartbeat
        ends = [self._began + timeout] if timeout is not None else []
        if heartbeat is not None:
            ends.append(self._beaten + heartbeat)
        return min(ends) - self._loop.time()

    def stop(self, why: Stop) -> None:
        """Tell the body to stop; it may clean up for a few seconds."""
        if self.why is None:
            self.why = why
            self.stopping.set()
            if self.work is not None:
                self.work.cancel()
