from collections.abc import Iterator
from email import message_from_bytes
from email.policy import default
from typing import Any
from uuid import uuid4

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword

from bedplate.platform.mail import Letter, MailRefused, SmtpMailer, compose
from bedplate.settings import Secret
from bedplate.settings.mail import MailSettings
from fixtures.service import free_port

LETTER = Letter(subject="Hello $name", paragraphs=("Dear $name,",), link="Open", closing=("Bye.",))


class Inbox:
    """What a real SMTP server in this process was handed; `reply` is its answer to a message."""

    def __init__(self) -> None:
        self.envelopes: list[Envelope] = []
        self.reply = "250 OK"
        self.refused = ""

    async def handle_RCPT(  # noqa: N802 - the name that aiosmtpd calls
        self, _server: Any, _session: Any, envelope: Envelope, address: str, _options: Any
    ) -> str:
        if self.refused:
            return self.refused
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Envelope) -> str:  # noqa: N802 - likewise
        self.envelopes.append(envelope)
        return self.reply


@pytest.fixture
def inbox() -> Iterator[tuple[Inbox, int]]:
    def authenticate(*arguments: Any) -> AuthResult:
        given = arguments[-1]
        right = isinstance(given, LoginPassword) and given == LoginPassword(b"mailer", b"s3cret/+")
        return AuthResult(success=right, handled=False)

    found, port = Inbox(), free_port()
    server = Controller(
        found, hostname="127.0.0.1", port=port, authenticator=authenticate, auth_require_tls=False
    )
    server.start()
    yield found, port
    server.stop()


def mailer(port: int, user: str = "mailer:s3cret%2F%2B@", tls: Any = "none") -> SmtpMailer:
    return SmtpMailer(MailSettings(smtp_url=Secret(f"smtp://{user}127.0.0.1:{port}"), tls=tls, timeout=5))


async def test_a_mail_arrives_as_text_and_html(inbox: tuple[Inbox, int]) -> None:
    found, port = inbox
    mail = compose(
        LETTER, "owner@team.example", {"name": "<b>Ann\r\nBcc: x@y.example"}, "https://a.example/#t=1"
    )
    key = uuid4()
    await mailer(port).send(mail, key=key)
    assert found.envelopes[0].rcpt_tos == ["owner@team.example"]
    message = message_from_bytes(bytes(found.envelopes[0].content or b""), policy=default)
    assert message["Subject"] == "Hello <b>Ann Bcc: x@y.example"
    assert message["Bcc"] is None
    assert str(key) in message["Message-ID"]
    text, html = (part.get_content() for part in message.iter_parts())
    assert "https://a.example/#t=1" in text
    assert "&lt;b&gt;Ann" in html
    assert 'href="https://a.example/#t=1"' in html


async def test_a_wrong_password_and_a_refused_address_are_told_from_a_busy_server(
    inbox: tuple[Inbox, int],
) -> None:
    found, port = inbox
    mail = compose(LETTER, "owner@team.example", {"name": "Ann"}, "https://a.example/")
    with pytest.raises(MailRefused, match="535"):
        await mailer(port, "mailer:wrong@").send(mail, key=uuid4())
    found.refused = "550 no such mailbox owner@team.example"
    with pytest.raises(MailRefused) as refused:
        await mailer(port).send(mail, key=uuid4())
    assert "owner@team.example" not in str(refused.value)
    found.refused = "451 try later"
    with pytest.raises(ConnectionError):
        await mailer(port).send(mail, key=uuid4())


async def test_without_starttls_no_password_is_sent(inbox: tuple[Inbox, int]) -> None:
    found, port = inbox
    mail = compose(LETTER, "owner@team.example", {"name": "Ann"}, "https://a.example/")
    with pytest.raises((ConnectionError, MailRefused)):
        await mailer(port, tls="starttls").send(mail, key=uuid4())
    assert found.envelopes == []


async def test_a_server_that_is_away_is_tried_again() -> None:
    mail = compose(LETTER, "owner@team.example", {"name": "Ann"}, "https://a.example/")
    with pytest.raises(ConnectionError):
        await mailer(free_port()).send(mail, key=uuid4())
