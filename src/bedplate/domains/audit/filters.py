from typing import Annotated
from uuid import UUID

import msgspec
from litestar.params import QueryParameter

TYPE = QueryParameter(max_length=64, description="A type of event", pattern=r"^[a-z_]+\.[a-z_]+$")


class AuditFilter(msgspec.Struct, frozen=True):
    """What the trail is searched by; None does not filter."""

    type: str | None
    actor_id: UUID | None
    subject_id: UUID | None
    team_id: UUID | None
    resource: str | None
    session_id: UUID | None
    key_id: UUID | None


def audit_filter(
    type: Annotated[str | None, TYPE] = None,  # noqa: A002 - the query parameter's name
    actor_id: UUID | None = None,
    subject_id: UUID | None = None,
    team_id: UUID | None = None,
    resource: Annotated[str | None, QueryParameter(max_length=128)] = None,
    session_id: UUID | None = None,
    key_id: UUID | None = None,
) -> AuditFilter:
    """The dependency `found_by`."""
    return AuditFilter(type, actor_id, subject_id, team_id, resource, session_id, key_id)
