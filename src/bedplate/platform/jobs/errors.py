from bedplate.platform.errors import Conflict, Failure, Forbidden, Invalid, NotFound


class Permanent(Exception):  # noqa: N818 - an outcome, named as one
    """The job cannot succeed however often it is tried; the message is shown to its owner."""


class Superseded(Exception):  # noqa: N818 - an outcome, named as one
    """Another worker has this job by now, so this attempt may change nothing more."""


class JobNotFound(NotFound):
    code, title = "job_not_found", "No such job"


class UnknownJobType(Invalid):
    code, title = "unknown_job_type", "No such type of job can be started here"


class JobTypeForbidden(Forbidden):
    code, title = "missing_permission", "The credential does not grant starting this type of job"


class JobEnded(Conflict):
    code, title = "job_ended", "The job has ended"


class JobNotEnded(Conflict):
    code, title = "job_not_ended", "The job has not ended yet"


class JobWithoutResult(Conflict):
    code, title = "job_without_result", "The job did not succeed, so it has no result"


class JobKeyTaken(Conflict):
    code, title = "job_key_taken", "A job with the same unique key is queued or running"


class ScheduleNotFound(NotFound):
    code, title = "schedule_not_found", "No such schedule"


def is_permanent(error: BaseException) -> bool:
    """Whether another attempt would end the same way: our refusals below 500, and `Permanent`."""
    refused = isinstance(error, Failure) and error.status < Failure.status
    return isinstance(error, Permanent) or refused


def reason(error: BaseException) -> str:
    """What the job's owner may read: our own sentences, and no more than the kind of anything else."""
    if isinstance(error, Permanent):
        return str(error)
    if isinstance(error, Failure):
        parts = [error.detail or error.title, *(e.message for e in error.errors if e.message != error.detail)]
        return "; ".join(parts)
    return f"Unexpected error ({type(error).__name__})"
