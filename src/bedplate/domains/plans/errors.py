from collections.abc import Sequence

from bedplate.platform.errors import Conflict, FieldError, Invalid, NotFound


class PlanNotFound(NotFound):
    code, title = "plan_not_found", "No such plan"


class PlanExists(Conflict):
    code, title = "plan_exists", "The team has a plan of this key already"


class PhaseExists(Conflict):
    code, title = "phase_exists", "The plan has a phase of this ordinal already"


class ExternalIdTaken(Conflict):
    code, title = "external_id_taken", "Another task of the plan stands for this external item"


class DependencyExists(Conflict):
    code, title = "dependency_exists", "The plan has this dependency already"


class DependencyStated(Conflict):
    code, title = "dependency_stated", "The document states this dependency: change it there, then import"


class DependencyCycle(Conflict):
    """The new edge would close a cycle; `path` names its tasks, the first one again at the end."""

    code, title = "dependency_cycle", "The dependency would close a cycle"

    def __init__(self, path: Sequence[str], labels: Sequence[str]) -> None:
        super().__init__(" → ".join(labels), extra={"path": list(path), "labels": list(labels)})


class GraphHasCycle(Conflict):
    code, title = "graph_cycle", "The dependencies form a cycle, so that nothing on it can be first"


class NotUtf8(Invalid):
    """The body is not UTF-8; `offset` is that of the first byte that is not."""

    code, title = "not_utf8", "The document is not UTF-8"

    def __init__(self, offset: int) -> None:
        message = f"Byte {offset} does not belong to any character"
        super().__init__(message, errors=[FieldError("", "utf8", message)], extra={"offset": offset})


class EmptyDocument(Invalid):
    code, title = "empty_document", "The document is empty"


class OtherPlan(Invalid):
    """A row of another plan was named."""

    code, title = "other_plan", "The row named belongs to another plan, or does not exist"

    def __init__(self, pointer: str) -> None:
        super().__init__(self.title, errors=[FieldError(pointer, "reference", self.title)])


class AlreadyClaimed(Conflict):
    code, title = "already_claimed", "Somebody else has claimed the task"


class NotReady(Conflict):
    code, title = "not_ready", "The task cannot be worked on yet"


class NothingReady(NotFound):
    code, title = "nothing_ready", "No task is ready and unclaimed"


class FindingNotFound(NotFound):
    code, title = "finding_not_found", "The plan has no such finding now"


class UnknownFormat(Conflict):
    status, code, title = 406, "not_acceptable", "The graph is not to be had in this form"


ERRORS = {
    "uq_plan_team_id_key": PlanExists,
    "uq_phase_plan_id_ordinal": PhaseExists,
    "uq_task_plan_id_external_source_external_id": ExternalIdTaken,
    "uq_dependency_plan_id_blocker_id_blocked_id_type_origin": DependencyExists,
}
