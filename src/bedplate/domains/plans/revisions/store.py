"""Stored documents: added, found, and the plan locked while its rows are brought in step with one."""

import hashlib
from typing import Literal
from uuid import UUID

from sqlalchemy import insert, select

from bedplate.domains.plans.errors import PlanNotFound
from bedplate.domains.plans.models import Plan
from bedplate.domains.plans.revisions.models import StoredDocument
from bedplate.domains.plans.tasks.models import Task
from bedplate.platform.db import Transaction, new_id


async def add_document(
    session: Transaction,
    plan: Plan,
    raw: bytes,
    origin: Literal["import", "export"],
    created_by: UUID | None,
    revision: int | None = None,
) -> UUID:
    """Store the bytes."""
    document_id = new_id()
    await session.execute(
        insert(StoredDocument).values(
            id=document_id,
            team_id=plan.team_id,
            plan_id=plan.id,
            revision=revision,
            origin=origin,
            raw=raw,
            size=len(raw),
            sha256=hashlib.sha256(raw).hexdigest(),
            created_by=created_by,
        )
    )
    return document_id


async def lock_plan(session: Transaction, plan_id: UUID) -> Plan:
    """Lock a plan and its tasks: revisions come one after another, and no task changes under a merge.

    Raises:
        PlanNotFound: it was removed.
    """
    plan = await session.scalar(select(Plan).where(Plan.id == plan_id).with_for_update(key_share=True))
    if plan is None:
        raise PlanNotFound
    tasks = select(Task.id).where(Task.plan_id == plan_id).order_by(Task.id)
    await session.execute(tasks.with_for_update(key_share=True))
    return plan


async def raw_document(session: Transaction, document_id: UUID) -> bytes | None:
    """A document's bytes; None when it was removed."""
    return await session.scalar(select(StoredDocument.raw).where(StoredDocument.id == document_id))


async def revision_of(session: Transaction, document_id: UUID) -> int | None:
    """The revision that a document was taken in as; None when it was not yet."""
    return await session.scalar(select(StoredDocument.revision).where(StoredDocument.id == document_id))


async def raw_revision(session: Transaction, plan: Plan) -> tuple[UUID, bytes] | None:
    """The id and the bytes of the revision that the rows are in step with; None before the first."""
    statement = select(StoredDocument.id, StoredDocument.raw).where(
        StoredDocument.plan_id == plan.id, StoredDocument.revision == plan.revision
    )
    row = (await session.execute(statement)).one_or_none()
    return None if row is None else (row[0], row[1])
