from litestar import Controller, Response, get, post
from litestar.enums import MediaType
from litestar.status_codes import HTTP_204_NO_CONTENT

from bedplate.domains.accounts.archive import export
from bedplate.domains.audit import Actor
from bedplate.domains.sessions.closing.service import ClosingService
from bedplate.domains.sessions.emails.schemas import EmailProof
from bedplate.domains.sessions.pages import form_page
from bedplate.domains.sessions.schemas import ArchiveOrdered
from bedplate.platform.auth.access import PUBLIC, Access
from bedplate.platform.auth.caller import Caller
from bedplate.platform.db import Transaction
from bedplate.platform.http.answers import accepted
from bedplate.platform.jobs import Empty, enqueue


class ClosingController(Controller):
    """Taking one's data along, and leaving."""

    path = "/v1"
    tags = ("me",)

    @post("/me/exports", access=Access(verified=False, session=True), status_code=202)
    async def export_me(self, caller: Caller, db: Transaction) -> Response[ArchiveOrdered]:
        """Have all one's data gathered by a job; its result is the archive, kept for a day."""
        job_id = await enqueue(db, export, Empty(), owner_id=caller.user_id, unique_key=str(caller.user_id))
        return accepted(ArchiveOrdered(job_id), f"/v1/jobs/{job_id}")

    @get("/auth/restore", access=PUBLIC, media_type=MediaType.HTML, include_in_schema=False)
    async def show_restore_page(self) -> Response[str]:
        """The page of the mailed link; it uses nothing up."""
        return form_page("Keep your account", "/v1/auth/restore", "Keep it")

    @post("/auth/restore", access=PUBLIC, status_code=HTTP_204_NO_CONTENT)
    async def restore_account(self, data: EmailProof, closing_service: ClosingService, actor: Actor) -> None:
        """Bring a closed account back with the mailed token."""
        await closing_service.restore(data.token, actor)
