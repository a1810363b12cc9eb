from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate, parseaddr
from ssl import SSLContext
from typing import Literal
from urllib.parse import unquote, urlsplit
from uuid import UUID

import aiosmtplib
import msgspec

from bedplate.platform.mail.letter import Mail
from bedplate.platform.mail.mailer import Mailer, MailRefused
from bedplate.settings.mail import MailSettings

SECURE_PORT, SUBMISSION_PORT = 465, 587
PERMANENT = 500


class SmtpServer(msgspec.Struct, frozen=True):
    """Where mail is handed in, and how."""

    host: str
    port: int
    user: str | None
    password: str | None
    security: Literal["tls", "starttls", "none"]


class SmtpMailer(Mailer):
    """Hands mail to a submission server (RFC 6409), with TLS from the start or after STARTTLS.

    `tls` verifies against other authorities than the system's.
    """

    def __init__(self, settings: MailSettings, *, tls: SSLContext | None = None) -> None:
        self._settings = settings
        self._server = parse_server(settings)
        self._tls = tls

    async def hand_in(self, mail: Mail, key: UUID) -> None:
        server = self._server
        message = to_message(mail, self._settings.sender, key)
        try:
            await aiosmtplib.send(
                message,
                hostname=server.host,
                port=server.port,
                username=server.user,
                password=server.password,
                use_tls=server.security == "tls",
                # Not opportunistic: a server that suddenly offers no STARTTLS is not given the password.
                start_tls=server.security == "starttls",
                tls_context=self._tls,
                timeout=self._settings.timeout,
            )
        except aiosmtplib.SMTPRecipientsRefused as error:
            raise _outcome(max((one.code for one in error.recipients), default=0)) from None
        except aiosmtplib.SMTPResponseException as error:
            raise _outcome(error.code) from None
        except aiosmtplib.SMTPException as error:
            raise ConnectionError(f"The mail server failed ({type(error).__name__})") from None


def parse_server(settings: MailSettings) -> SmtpServer:
    """Read `smtp://user:password@host:port`, or `smtps://…`."""
    url = urlsplit(settings.smtp_url.reveal())
    secure = url.scheme == "smtps"
    return SmtpServer(
        url.hostname or "localhost",
        url.port or (SECURE_PORT if secure else SUBMISSION_PORT),
        unquote(url.username) if url.username else None,
        unquote(url.password) if url.password else None,
        "tls" if secure else settings.tls,
    )


def to_message(mail: Mail, sender: str, key: UUID) -> EmailMessage:
    """Build the MIME message: text first, HTML as the alternative that is preferred (RFC 2046, 5.1.4)."""
    message = EmailMessage(policy=SMTP)
    message["From"], message["To"], message["Subject"] = sender, mail.to, mail.subject
    message["Date"] = formatdate()
    message["Message-ID"] = f"<{key}@{parseaddr(sender)[1].rpartition('@')[2] or 'localhost'}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(mail.text)
    message.add_alternative(mail.html, subtype="html")
    return message


def _outcome(code: int) -> Exception:
    # The server's own text may quote the address, so only its code goes on.
    if code >= PERMANENT:
        return MailRefused(f"The mail server refused the mail for good ({code})")
    return ConnectionError(f"The mail server asks to try later ({code})")
