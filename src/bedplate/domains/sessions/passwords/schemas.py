from typing import Annotated

import msgspec
from msgspec import Meta

from bedplate.domains.accounts import Email, Password

type MailedToken = Annotated[str, Meta(min_length=16, max_length=128, description="From the mailed link")]


class ForgottenPassword(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    email: Email


class PasswordReset(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    token: MailedToken
    password: Password


class PasswordChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`current_password` may be left out by who has none yet, after a step-up."""

    new_password: Password
    current_password: Password | None = None
