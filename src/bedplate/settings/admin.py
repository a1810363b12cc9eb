from typing import Annotated

import msgspec
from msgspec import Meta

from bedplate.settings.secret import Secret

DEFAULT_ADMIN_EMAIL = "admin@bedplate.test"


class AdminSettings(msgspec.Struct, frozen=True, kw_only=True):
    """The administrator that `bedplate up` keeps; both set: created or reset at every start."""

    email: Annotated[str, Meta(description="The administrator's address.")] = ""
    password: Annotated[Secret, Meta(description="The administrator's password.")] = Secret("")
