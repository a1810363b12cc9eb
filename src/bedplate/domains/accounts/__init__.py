"""People: their address, name and password."""

from bedplate.domains.accounts.emails import normalise_email
from bedplate.domains.accounts.errors import EmailTaken
from bedplate.domains.accounts.passwords import Passwords
from bedplate.domains.accounts.schemas import Email, Name, Password, Profile, ProfilePatch
from bedplate.domains.accounts.service import AccountService
from bedplate.platform.domain import Domain

DOMAIN = Domain(name="accounts", errors={"uq_account_email": EmailTaken})

__all__ = [
    "DOMAIN",
    "AccountService",
    "Email",
    "Name",
    "Password",
    "Passwords",
    "Profile",
    "ProfilePatch",
    "normalise_email",
]
