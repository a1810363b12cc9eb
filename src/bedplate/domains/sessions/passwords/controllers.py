from litestar import Controller, Response, get, post
from litestar.enums import MediaType
from litestar.status_codes import HTTP_202_ACCEPTED, HTTP_204_NO_CONTENT

from bedplate.domains.audit import Actor
from bedplate.domains.sessions.pages import form_page
from bedplate.domains.sessions.passwords.schemas import ForgottenPassword, PasswordChange, PasswordReset
from bedplate.domains.sessions.passwords.service import PasswordService
from bedplate.domains.sessions.schemas import Accepted
from bedplate.platform.auth.access import PUBLIC, Access
from bedplate.platform.auth.caller import Caller

MAILED = Accepted("If the address has an account, a mail is on its way to it")


class PasswordController(Controller):
    """A password forgotten, reset, changed."""

    path = "/v1/auth/password"
    tags = ("auth",)

    @post("/forgot", access=PUBLIC, status_code=HTTP_202_ACCEPTED)
    async def forgot_password(self, data: ForgottenPassword, password_service: PasswordService) -> Accepted:
        """Have a link mailed that resets the password; the answer is the same for an unknown address."""
        await password_service.forgotten(data.email)
        return MAILED

    @get("/reset", access=PUBLIC, media_type=MediaType.HTML, include_in_schema=False)
    async def show_reset_page(self) -> Response[str]:
        """The page of the mailed link; it uses nothing up."""
        return form_page(
            "Choose a new password", "/v1/auth/password/reset", "Set the password", password=True
        )

    @post("/reset", access=PUBLIC, status_code=HTTP_204_NO_CONTENT)
    async def reset_password(
        self, data: PasswordReset, password_service: PasswordService, actor: Actor
    ) -> None:
        """Set a new password with the mailed token; every session ends, and a second factor stays."""
        await password_service.reset(data, actor)

    @post("/change", access=Access(verified=False, session=True), status_code=HTTP_204_NO_CONTENT)
    async def change_password(
        self, data: PasswordChange, caller: Caller, password_service: PasswordService, actor: Actor
    ) -> None:
        """Change one's password; every other session ends."""
        await password_service.change(caller, data, actor)
