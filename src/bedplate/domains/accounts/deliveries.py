from uuid import UUID

import msgspec
from sqlalchemy import bindparam, select

from bedplate.domains.accounts.flood import may_send
from bedplate.domains.accounts.letters import LETTERS, PAGES, LetterName
from bedplate.domains.accounts.models import Account
from bedplate.platform.db import Read
from bedplate.platform.jobs import JobContext, Permanent, task
from bedplate.platform.mail import Mailer, MailRefused, compose
from bedplate.platform.secrets.seal import SealBroken, Sealer
from bedplate.settings.auth import AuthSettings

PURPOSE = "mail"
SOMEBODY = "there"


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """A letter to be sent; what is not an id is sealed, for the ledger of jobs is read by many."""

    account_id: UUID
    letter: LetterName
    sealed: str


class Sealed(msgspec.Struct, frozen=True, kw_only=True):
    """What a payload does not show: an address other than the account's, a token, the letter's values."""

    to: str
    token: str
    values: dict[str, str]


class MailLinks(msgspec.Struct, frozen=True):
    """Where mailed links lead; the token is in the fragment, which no server and no log ever sees."""

    base: str

    def to(self, letter: str, token: str) -> str:
        """The address of a letter's button; empty when it has none."""
        return f"{self.base}/{PAGES[letter]}#token={token}" if letter in PAGES and token else ""


class Addressee(msgspec.Struct):
    email: str
    name: str


ADDRESSEE = Read(select(Account.email, Account.name).where(Account.id == bindparam("id")), Addressee)


@task(
    "accounts.mail", payload=Delivery, timeout=60, max_attempts=12, retry_delay=5, retry_max=3600, priority=10
)
async def deliver(ctx: JobContext, delivery: Delivery) -> None:
    """Write and send one letter."""
    person = await ADDRESSEE.first(ctx.database.reads, id=delivery.account_id)
    if person is None:
        return
    if not await _within_allowance(ctx, delivery):
        return
    try:
        raw = ctx.resource(Sealer).open(PURPOSE, delivery.sealed.encode())
    except SealBroken:
        raise Permanent("The letter was sealed under a secret that is no longer configured") from None
    sealed = msgspec.json.decode(raw, type=Sealed)
    values = {"name": person.name or SOMEBODY, **sealed.values}
    link = ctx.resource(MailLinks).to(delivery.letter, sealed.token)
    mail = compose(LETTERS[delivery.letter], sealed.to or person.email, values, link)
    try:
        await ctx.resource(Mailer).send(mail, key=ctx.job_id)
    except MailRefused as error:
        raise Permanent(str(error)) from None


async def _within_allowance(ctx: JobContext, delivery: Delivery) -> bool:
    # Here and not where it is ordered: that takes the same time whoever has the address.
    match delivery.letter:
        case "signup_known" | "change_known" as letter:
            async with ctx.once("allowance") as session:
                most = ctx.resource(AuthSettings).max_letters
                return session is None or await may_send(session, delivery.account_id, letter, most)
        case _:
            return True
