import msgspec

from bedplate.domains.accounts import Email
from bedplate.domains.sessions.passwords.schemas import MailedToken


class EmailProof(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    token: MailedToken


class EmailChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    email: Email
