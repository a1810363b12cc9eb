import logging
import time

from bedplate.platform.limits.metrics import DEGRADED

logger = logging.getLogger(__name__)


class Breaker:
    """Stops asking a store that failed several times in a row; one call at a time tries it again."""

    def __init__(self, failures: int, pause: float) -> None:
        self._failures = failures
        self._pause = pause
        self._failed = 0
        self._retry_at = 0.0

    @property
    def is_open(self) -> bool:
        return self._failed >= self._failures

    def may_try(self) -> bool:
        """Whether a call may be made now."""
        if not self.is_open:
            return True
        now = time.monotonic()
        if now < self._retry_at:
            return False
        self._retry_at = now + self._pause
        return True

    def succeeded(self) -> None:
        if self.is_open:
            DEGRADED().set(0)
            logger.warning("limits: the store answers again")
        self._failed = 0

    def failed(self, error: BaseException) -> None:
        self._failed += 1
        self._retry_at = time.monotonic() + self._pause
        if self._failed == self._failures:
            DEGRADED().set(1)
            logger.warning("limits: the store is away, limits are local: %s", type(error).__name__)
