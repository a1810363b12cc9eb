import datetime as dt
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.policy import default
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509 import (
    BasicConstraints,
    CertificateBuilder,
    IPAddress,
    Name,
    NameAttribute,
    SubjectAlternativeName,
    random_serial_number,
)
from cryptography.x509.oid import NameOID

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


@pytest.fixture(scope="module")
def own_certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for the loopback address, signed by itself; with its key, as PEM."""
    key = generate_private_key(SECP256R1())
    name = Name([NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(random_serial_number())
        .not_valid_before(now - dt.timedelta(minutes=1))
        .not_valid_after(now + dt.timedelta(hours=1))
        .add_extension(SubjectAlternativeName([IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    plain = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(certificate.public_bytes(Encoding.PEM) + plain)
    return path


@contextmanager
def secured(certificate: Path, security: str) -> Iterator[tuple[Inbox, int]]:
    """A server that speaks TLS from the start, or takes sign-in and mail after STARTTLS alone."""
    found, port = Inbox(), free_port()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    options: dict[str, Any] = {
        "hostname": "127.0.0.1",
        "port": port,
        "authenticator": lambda *given: AuthResult(
            success=given[-1] == LoginPassword(b"mailer", b"s3cret/+"), handled=False
        ),
    }
    if security == "starttls":
        server = Controller(found, tls_context=context, require_starttls=True, auth_required=True, **options)
    else:
        server = Controller(found, ssl_context=context, auth_require_tls=False, **options)
    server.start()
    try:
        yield found, port
    finally:
        server.stop()


@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_a_mail_is_handed_over_under_tls_to_a_server_that_is_known(
    own_certificate: Path, security: str
) -> None:
    mail = compose(LETTER, "owner@team.example", {"name": "Ann"}, "https://a.example/")
    scheme = "smtp" if security == "starttls" else "smtps"
    with secured(own_certificate, security) as (found, port):
        url = Secret(f"{scheme}://mailer:s3cret%2F%2B@127.0.0.1:{port}")
        settings = MailSettings(smtp_url=url, timeout=5)
        with pytest.raises(OSError, match="SSL|certificate|failed"):
            await SmtpMailer(settings).send(mail, key=uuid4())
        assert found.envelopes == []
        trusted = ssl.create_default_context(cafile=str(own_certificate))
        await SmtpMailer(settings, tls=trusted).send(mail, key=uuid4())
    assert [envelope.rcpt_tos for envelope in found.envelopes] == [["owner@team.example"]]
