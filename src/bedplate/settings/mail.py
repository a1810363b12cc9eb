from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from bedplate.settings.secret import Secret


class MailSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Outgoing mail."""

    smtp_url: Annotated[
        Secret,
        Meta(
            description="`smtp://user:password@host:port`; `smtps://` for TLS from the start. Empty: mailbox."
        ),
    ] = Secret("")
    sender: Annotated[str, Meta(min_length=3, description="The From address.")] = (
        "Bedplate <no-reply@bedplate.test>"
    )
    tls: Annotated[
        Literal["starttls", "none"], Meta(description="What an `smtp://` connection does before it signs in.")
    ] = "starttls"
    timeout: Annotated[float, Meta(gt=0, description="Seconds a mail server may take for one mail.")] = 20.0
    link_base: Annotated[
        str,
        Meta(
            description="Origin and path of the pages that mailed links open; empty: this service's own pages."
        ),
    ] = ""
