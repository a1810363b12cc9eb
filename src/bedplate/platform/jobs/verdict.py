import logging
import traceback
from typing import Literal

import msgspec

from bedplate.platform.jobs.attempt import Attempt
from bedplate.platform.jobs.errors import Permanent, Superseded, is_permanent, reason
from bedplate.platform.jobs.ledger.outcomes import Ending, Outcome
from bedplate.settings.jobs import JobsSettings

DETAIL_CHARACTERS = 16_000
logger = logging.getLogger(__name__)


class Judge:
    """Decides what becomes of a job after an attempt; None: another worker has it, so nothing."""

    def __init__(self, settings: JobsSettings) -> None:
        self._settings = settings

    def returned(self, attempt: Attempt, value: object) -> Outcome | None:
        """The body came to its end."""
        try:
            result = b"" if value is None else msgspec.json.encode(value)
        except (TypeError, ValueError, RecursionError) as error:
            return self.raised(attempt, error)
        if len(result) > self._settings.max_result:
            limit = self._settings.max_result
            return self.raised(attempt, Permanent(f"The result has {len(result)} bytes; {limit} are allowed"))
        return self._outcome(attempt, "succeeded", None, result=result.decode() or None)

    def raised(self, attempt: Attempt, error: BaseException) -> Outcome | None:
        """The body raised."""
        if isinstance(error, Superseded):
            return None
        if attempt.why in {"cancelled", "drain", "lost"}:
            return self.stopped(attempt)
        detail = "".join(traceback.format_exception(error))[-DETAIL_CHARACTERS:]
        if is_permanent(error):
            return self._outcome(attempt, "failed", "permanent", error=reason(error), detail=detail)
        claim = attempt.claim
        logger.warning(
            "attempt %d of job %s (%s) failed", claim.attempt, claim.id, claim.task, exc_info=error
        )
        return self._again(attempt, "error", reason(error), detail)

    def stopped(self, attempt: Attempt) -> Outcome | None:
        """The body was stopped, or would not stop."""
        if attempt.why == "lost":
            return None
        if attempt.why == "cancelled":
            return self._outcome(attempt, "cancelled", "cancelled")
        if attempt.why == "timeout":
            return self._again(attempt, "timeout", f"No end within {_limits(attempt)}", None)
        if attempt.why is None:
            return self._again(attempt, "error", "Something that the job waited for was cancelled", None)
        # Given back by a worker that ends: the attempt is replaced, for the job is not at fault.
        return self._outcome(attempt, "queued", "released", error="The worker was stopped", extra=1)

    def _again(self, attempt: Attempt, ending: Ending, error: str, detail: str | None) -> Outcome:
        number = attempt.claim.attempt
        if number >= attempt.claim.max_attempts:
            return self._outcome(attempt, "dead", ending, error=error, detail=detail)
        # Attempts were granted by a replay, or for one that was given back: both are not the job's failures.
        delay = attempt.task.delay(number - attempt.claim.max_attempts + attempt.task.max_attempts)
        return self._outcome(attempt, "queued", ending, error=error, detail=detail, delay=delay)

    def _outcome(
        self,
        attempt: Attempt,
        state: Literal["queued", "succeeded", "failed", "dead", "cancelled"],
        ending: Ending | None,
        *,
        result: str | None = None,
        error: str | None = None,
        detail: str | None = None,
        delay: float = 0.0,
        extra: int = 0,
    ) -> Outcome:
        claim, settings = attempt.claim, self._settings
        keep = {"succeeded": settings.keep_succeeded, "cancelled": settings.keep_cancelled}
        return Outcome(
            id=claim.id,
            attempt=claim.attempt,
            state=state,
            started_at=claim.started_at,
            ending=ending,
            result=result,
            error=error,
            detail=detail,
            delay=delay,
            extra=extra,
            keep=attempt.task.keep or keep.get(state, settings.keep_failed),
            keep_cancelled=settings.keep_cancelled,
        )


def _limits(attempt: Attempt) -> str:
    timeout, heartbeat = attempt.task.timeout, attempt.task.heartbeat
    parts = [f"{timeout:g} s"] if timeout is not None else []
    if heartbeat is not None:
        parts.append(f"{heartbeat:g} s of a heartbeat")
    return " or ".join(parts)
