import datetime as dt
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Select, String, bindparam, cast, func, select
from sqlalchemy.orm import aliased

from bedplate.domains.audit.models import AuditEvent, AuditSubject
from bedplate.platform.db import Listing, Read, Sort

_actor, _subject = aliased(AuditSubject), aliased(AuditSubject)


class AuditEventView(msgspec.Struct):
    """One event; a person who was erased shows as null."""

    id: UUID
    type: str
    created_at: dt.datetime
    actor_id: UUID | None
    subject_id: UUID | None
    team_id: UUID | None
    resource: str | None
    session_id: UUID | None
    key_id: UUID | None
    address: str | None
    user_agent: str
    request_id: str | None
    data: msgspec.Raw


def _raw(value: Any) -> msgspec.Raw:
    return msgspec.Raw(value.encode())


class AuditRow(msgspec.Struct):
    id: UUID
    type: str
    created_at: dt.datetime
    actor_id: UUID | None
    subject_id: UUID | None
    team_id: UUID | None
    resource: str | None
    session_id: UUID | None
    key_id: UUID | None
    address: str | None
    user_agent: str
    request_id: str | None
    data: str

    def view(self) -> AuditEventView:
        """The event as clients see it, its data as JSON."""
        values = {name: getattr(self, name) for name in self.__struct_fields__ if name != "data"}
        return AuditEventView(**values, data=_raw(self.data))


def audit_columns() -> Select[*tuple[Any, ...]]:
    """The columns of `AuditRow`, with the persons behind the pseudonyms."""
    return (
        select(
            AuditEvent.id,
            AuditEvent.type,
            AuditEvent.created_at,
            _actor.user_id.label("actor_id"),
            _subject.user_id.label("subject_id"),
            AuditEvent.team_id,
            AuditEvent.resource,
            AuditEvent.session_id,
            AuditEvent.key_id,
            func.host(AuditEvent.address).label("address"),
            AuditEvent.user_agent,
            AuditEvent.request_id,
            cast(AuditEvent.data, String).label("data"),
        )
        .outerjoin(_actor, _actor.pseudonym == AuditEvent.actor)
        .outerjoin(_subject, _subject.pseudonym == AuditEvent.subject)
    )


_EVENTS = audit_columns()
EVENTS = Listing(
    "audit-events",
    _EVENTS,
    AuditRow,
    sorts={"created_at": Sort(columns=(AuditEvent.id,), kinds=(UUID,))},
    default_sort="-created_at",
    filters={
        "type": AuditEvent.type == bindparam("type"),
        "actor_id": _actor.user_id == bindparam("actor_id"),
        "subject_id": _subject.user_id == bindparam("subject_id"),
        "team_id": AuditEvent.team_id == bindparam("team_id"),
        "resource": AuditEvent.resource == bindparam("resource"),
        "session_id": AuditEvent.session_id == bindparam("session_id"),
        "key_id": AuditEvent.key_id == bindparam("key_id"),
        "since": AuditEvent.created_at >= bindparam("since"),
        "until": AuditEvent.created_at < bindparam("until"),
    },
    may_lag=True,
)
EVENT = Read(_EVENTS.where(AuditEvent.id == bindparam("id")), AuditRow, may_lag=True)
