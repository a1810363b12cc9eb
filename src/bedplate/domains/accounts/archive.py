from collections.abc import Awaitable, Callable, Mapping
from uuid import UUID

import msgspec

from bedplate.platform.db import ReadPool, utcnow
from bedplate.platform.jobs import Empty, JobContext, task

type Export = Callable[[ReadPool, UUID], Awaitable[object]]


class PersonalData(msgspec.Struct, frozen=True):
    """What every domain can tell about a person: by the domain's name, a read that returns plain values."""

    exports: Mapping[str, Export]


@task("accounts.export", payload=Empty, timeout=300, public=True, session=True, one_each=True, keep=86_400.0)
async def export(ctx: JobContext, _: Empty) -> dict[str, object]:
    """Gather all that is kept about the job's owner into one JSON archive, kept for a day."""
    if ctx.owner_id is None:
        return {}
    archive: dict[str, object] = {"made_at": utcnow(), "account_id": ctx.owner_id}
    exports = ctx.resource(PersonalData).exports
    for number, (name, read) in enumerate(exports.items()):
        await ctx.progress(100 * number // len(exports), name)
        archive[name] = await read(ctx.database.reads, ctx.owner_id)
    return archive
