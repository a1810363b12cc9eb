from litestar import Controller, Response, get, post
from litestar.enums import MediaType
from litestar.status_codes import HTTP_202_ACCEPTED, HTTP_204_NO_CONTENT

from bedplate.domains.audit import Actor
from bedplate.domains.sessions.emails.schemas import EmailChange, EmailProof
from bedplate.domains.sessions.emails.service import EmailService
from bedplate.domains.sessions.pages import form_page
from bedplate.domains.sessions.schemas import Accepted
from bedplate.platform.auth.access import PUBLIC, Access
from bedplate.platform.auth.caller import Caller


class EmailController(Controller):
    """The address of one's account."""

    path = "/v1/auth/email"
    tags = ("auth",)

    @get("/verify", access=PUBLIC, media_type=MediaType.HTML, include_in_schema=False)
    async def show_verify_page(self) -> Response[str]:
        """The page of the mailed link; it uses nothing up."""
        return form_page("Confirm your address", "/v1/auth/email/verify", "Confirm")

    @post("/verify", access=PUBLIC, status_code=HTTP_204_NO_CONTENT)
    async def verify_email(self, data: EmailProof, email_service: EmailService, actor: Actor) -> None:
        """Verify an address with the mailed token; tokens of sessions tell so from their next refresh."""
        await email_service.prove(data.token, actor)

    @post("/resend", access=Access(verified=False, session=True), status_code=HTTP_202_ACCEPTED)
    async def resend_verification(self, caller: Caller, email_service: EmailService) -> Accepted:
        """Have a new link mailed to one's address, if it is not verified yet; the former one is dead."""
        await email_service.ask_for_proof(caller.user_id)
        return Accepted("If the address is not verified yet, a mail is on its way to it")

    @post(
        "/change",
        access=Access(verified=False, step_up=True, session=True),
        status_code=HTTP_202_ACCEPTED,
    )
    async def change_email(
        self, data: EmailChange, caller: Caller, email_service: EmailService, actor: Actor
    ) -> Accepted:
        """Have a link mailed to a new address; it takes effect once that is opened."""
        await email_service.ask_for_change(caller.user_id, data.email, actor)
        return Accepted("A mail is on its way to the new address")
