from typing import Any
from uuid import UUID

from bedplate.platform.db import utcnow
from bedplate.platform.jobs import JobView, Task


def queued_job(job_id: UUID, task: Task[Any], owner_id: UUID, team_id: UUID) -> JobView:
    """A job that was written a moment ago, in a transaction that is still to be committed."""
    now = utcnow()
    return JobView(
        id=job_id,
        type=task.name,
        state="queued",
        progress=0,
        message=None,
        attempts=0,
        max_attempts=task.max_attempts,
        error=None,
        created_at=now,
        started_at=None,
        ended_at=None,
        next_attempt_at=now,
        cancel_requested=False,
        owner_id=owner_id,
        team_id=team_id,
        parent_id=None,
        queue=task.queue,
        priority=task.priority,
        tags=[],
    )
