import msgspec

from bedplate.domains.accounts.flood import may_send
from bedplate.domains.accounts.post import Post
from bedplate.domains.accounts.service import AccountService
from bedplate.domains.accounts.tokens import issue
from bedplate.domains.audit import Actor, record
from bedplate.platform.db import Transaction
from bedplate.platform.jobs import JobContext, Permanent, enqueue, task
from bedplate.platform.secrets.seal import SealBroken, Sealer
from bedplate.settings.auth import AuthSettings

PURPOSE = "forgotten-password"


class Forgotten(msgspec.Struct, frozen=True, kw_only=True):
    """A request for a new password; the address is sealed."""

    sealed: str


async def order_reset(session: Transaction, sealer: Sealer, email: str) -> None:
    """Have a job look the address up: the request itself does the same whoever it is for."""
    await enqueue(session, reset_mail, Forgotten(sealed=sealer.seal(PURPOSE, email.encode()).decode()))


@task("accounts.reset_mail", payload=Forgotten, timeout=60, priority=10)
async def reset_mail(ctx: JobContext, forgotten: Forgotten) -> None:
    """Mail a link that resets a password, if the address has an account."""
    sealer, settings = ctx.resource(Sealer), ctx.resource(AuthSettings)
    try:
        email = sealer.open(PURPOSE, forgotten.sealed.encode()).decode()
    except SealBroken:
        raise Permanent("The request was sealed under a secret that is no longer configured") from None
    async with ctx.once("token") as session:
        account = await AccountService(session=session).by_email(email) if session else None
        if session is None or account is None or account.disabled_at is not None:
            return
        if not await may_send(session, account.id, "reset_password", settings.max_letters):
            return
        token = await issue(session, account.id, "reset_password", settings.reset_ttl)
        await Post(session, sealer).send("reset_password", account.id, token=token)
        await record(session, "account.password_reset_requested", Actor(), subject=account.id)
