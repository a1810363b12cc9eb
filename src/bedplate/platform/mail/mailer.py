from abc import ABC, abstractmethod
from uuid import UUID

from bedplate.platform.mail.letter import Mail
from bedplate.platform.telemetry import span
from bedplate.platform.telemetry.metrics import counter

MAILS = counter("mails_total", "Mails by what the server said.", ("outcome",))
MAILS.begin(("sent", "refused", "failed"))


class MailRefused(Exception):  # noqa: N818 - an outcome, named as one
    """The server will never take this mail: its address or content is refused for good (RFC 5321, 5yz)."""


class Mailer(ABC):
    """Sends mail; jobs call it, so that a server that is down delays a mail and loses none."""

    async def send(self, mail: Mail, *, key: UUID) -> None:
        """Send a mail; `key` is the same at each try, and becomes the Message-ID.

        Raises:
            MailRefused: there is no use in trying again.
            OSError: the server cannot be reached, or asks to try later.
        """
        outcome = "failed"
        try:
            with span("send mail", "client"):
                await self.hand_in(mail, key)
            outcome = "sent"
        except MailRefused:
            outcome = "refused"
            raise
        finally:
            MAILS(outcome).inc()

    @abstractmethod
    async def hand_in(self, mail: Mail, key: UUID) -> None:
        """Give the mail to whoever takes it from here, as `send` tells."""
