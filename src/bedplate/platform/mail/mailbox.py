import datetime as dt
from uuid import UUID

import msgspec
from sqlalchemy import bindparam, select
from sqlalchemy.dialects.postgresql import insert

from bedplate.platform.db import Database, Read, utcnow
from bedplate.platform.mail.letter import Mail
from bedplate.platform.mail.mailer import Mailer
from bedplate.platform.mail.models import MailboxMessage
from bedplate.settings.mail import MailSettings


class SentMail(msgspec.Struct):
    """A mail in the mailbox."""

    id: UUID
    sent_at: dt.datetime
    recipient: str
    sender: str
    subject: str
    text: str


LATEST = Read(
    select(
        MailboxMessage.id,
        MailboxMessage.created_at.label("sent_at"),
        MailboxMessage.recipient,
        MailboxMessage.sender,
        MailboxMessage.subject,
        MailboxMessage.text,
    )
    .order_by(MailboxMessage.created_at.desc())
    .limit(bindparam("limit")),
    SentMail,
)


class Mailbox(Mailer):
    """Keeps mail in the database, for a developer to read; nothing leaves the machine."""

    def __init__(self, settings: MailSettings, database: Database) -> None:
        self._settings = settings
        self._database = database

    async def hand_in(self, mail: Mail, key: UUID) -> None:
        row = insert(MailboxMessage).values(
            id=key,
            created_at=utcnow(),
            recipient=mail.to,
            sender=self._settings.sender,
            subject=mail.subject,
            text=mail.text,
            html=mail.html,
        )
        async with self._database.transaction() as session:
            await session.execute(row.on_conflict_do_nothing())
