from sqlalchemy import Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from bedplate.platform.db import Row


class MailboxMessage(Row):
    """A mail that was sent to the mailbox instead of a server; its id is the job's, so a retry adds none."""

    __tablename__ = "mailbox_message"
    __table_args__ = (Index("ix_mailbox_message_recipient_id", "recipient", "id"),)

    recipient: Mapped[str] = mapped_column(String(254))
    sender: Mapped[str] = mapped_column(String(320))
    subject: Mapped[str] = mapped_column(String(500))
    text: Mapped[str] = mapped_column(Text)
    html: Mapped[str] = mapped_column(Text)
