"""Outgoing mail: one port, two adapters (SMTP, and a mailbox in the database that `up` shows as a page)."""

from bedplate.platform.mail.choice import make_mailer
from bedplate.platform.mail.letter import Letter, Mail, compose
from bedplate.platform.mail.mailbox import Mailbox
from bedplate.platform.mail.mailer import Mailer, MailRefused
from bedplate.platform.mail.smtp import SmtpMailer

__all__ = ["Letter", "Mail", "MailRefused", "Mailbox", "Mailer", "SmtpMailer", "compose", "make_mailer"]
