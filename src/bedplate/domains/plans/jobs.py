from typing import Literal
from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from bedplate.domains.audit import Actor
from bedplate.domains.plans.revisions.exporting import ExportService
from bedplate.domains.plans.revisions.importing import ImportService
from bedplate.domains.plans.revisions.models import StoredDocument
from bedplate.domains.plans.revisions.schemas import ExportResult, ImportResult
from bedplate.domains.plans.scope import plan_to_change, same_plan
from bedplate.platform.jobs import JobContext, task

IMPORT_SECONDS = 120.0


class ImportPayload(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    plan_id: UUID
    document_id: UUID
    on_conflict: Literal["merge", "theirs", "ours", "fail"] = "merge"
    dry_run: bool = False


class ExportPayload(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    plan_id: UUID


async def admit_import(session: AsyncSession, user_id: UUID, payload: ImportPayload) -> UUID:
    """Hold an import to its starter's rights, and its document to the plan; the team it belongs to."""
    plan = await plan_to_change(session, payload.plan_id, user_id)
    await same_plan(session, StoredDocument, payload.document_id, plan.id, "/payload/document_id")
    return plan.team_id


async def admit_export(session: AsyncSession, user_id: UUID, payload: ExportPayload) -> UUID:
    """Hold an export to its starter's rights; the team it belongs to."""
    return (await plan_to_change(session, payload.plan_id, user_id)).team_id


@task(
    "plans.import", payload=ImportPayload, timeout=IMPORT_SECONDS, public=True, permission="plans:write",
    admit=admit_import,
)  # fmt: skip
async def import_plan(ctx: JobContext, payload: ImportPayload) -> ImportResult:
    """Take an uploaded document into its plan."""
    await ctx.progress(10, "reading")
    async with ctx.database.transaction() as session:
        return await ImportService(session).run(
            payload.plan_id,
            payload.document_id,
            payload.on_conflict,
            dry_run=payload.dry_run,
            actor=Actor(user_id=ctx.owner_id),
        )


@task(
    "plans.export", payload=ExportPayload, timeout=IMPORT_SECONDS, public=True, permission="plans:write",
    admit=admit_export,
)  # fmt: skip
async def export_plan(ctx: JobContext, payload: ExportPayload) -> ExportResult:
    """Write a plan's rows into its document."""
    async with ctx.database.transaction() as session:
        return await ExportService(session).run(payload.plan_id, Actor(user_id=ctx.owner_id))
