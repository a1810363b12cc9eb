"""People: their address, name and password, the letters they get, and how they leave."""

from litestar.di import Provide

from bedplate.domains.accounts.archive import PersonalData, export
from bedplate.domains.accounts.deliveries import MailLinks, deliver
from bedplate.domains.accounts.dependencies import provide_post
from bedplate.domains.accounts.emails import normalise_email
from bedplate.domains.accounts.erasure import ERASING, erase
from bedplate.domains.accounts.errors import EmailTaken, InvalidEmail, WeakPassword
from bedplate.domains.accounts.metrics import METRICS
from bedplate.domains.accounts.passwords import Passwords
from bedplate.domains.accounts.post import Post
from bedplate.domains.accounts.reads import export_account
from bedplate.domains.accounts.recovery import reset_mail
from bedplate.domains.accounts.schemas import Email, Name, Password, Profile, ProfilePatch
from bedplate.domains.accounts.service import AccountService
from bedplate.platform.domain import Domain

DOMAIN = Domain(
    name="accounts",
    metrics=METRICS,
    jobs=(deliver, reset_mail, export, erase),
    schedules=(ERASING,),
    errors={"uq_account_email": EmailTaken},
    dependencies={"post": Provide(provide_post, sync_to_thread=False)},
    exports={"account": export_account},
    examples={
        "email_verified": True,
        "has_password": True,
        "roles": ["member"],
        "email": "owner@team.example",
        "name": "Owner",
        "new_password": "another long enough phrase",
        "password": "a long enough phrase",
    },
)

__all__ = [
    "DOMAIN",
    "AccountService",
    "Email",
    "InvalidEmail",
    "MailLinks",
    "Name",
    "Password",
    "Passwords",
    "PersonalData",
    "Post",
    "Profile",
    "ProfilePatch",
    "WeakPassword",
    "normalise_email",
]
