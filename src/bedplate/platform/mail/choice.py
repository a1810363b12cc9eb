from bedplate.platform.db import Database
from bedplate.platform.mail.mailbox import Mailbox
from bedplate.platform.mail.mailer import Mailer
from bedplate.platform.mail.smtp import SmtpMailer
from bedplate.settings.mail import MailSettings


def make_mailer(settings: MailSettings, database: Database) -> Mailer:
    """The adapter that the settings name: SMTP, or the mailbox when there is no server."""
    return SmtpMailer(settings) if settings.smtp_url else Mailbox(settings, database)
