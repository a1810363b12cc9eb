from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

from bedplate.domains.plans.tasks.schemas import NewTask, TaskPatch

MOST = 200
type Version = Annotated[int, Meta(ge=1, description="The version that was read")]


class CreateTask(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="op", tag="create"):
    task: NewTask


class UpdateTask(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="op", tag="update"):
    id: UUID
    version: Version
    patch: TaskPatch


class DeleteTask(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="op", tag="delete"):
    id: UUID
    version: Version


type Operation = CreateTask | UpdateTask | DeleteTask


class Batch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All of it or nothing, in order."""

    operations: Annotated[tuple[Operation, ...], Meta(min_length=1, max_length=MOST)]


class Done(msgspec.Struct):
    """What became of an operation; the version is null once the task is gone."""

    op: Literal["create", "update", "delete"]
    id: UUID
    version: int | None


class BatchResult(msgspec.Struct):
    results: list[Done]
