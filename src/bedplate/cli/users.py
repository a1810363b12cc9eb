import asyncio
import secrets
import sys
from collections.abc import Awaitable, Callable
from uuid import UUID

import rich_click as click

from bedplate.cli.errors import CommandError
from bedplate.cli.servers import database_settings
from bedplate.platform.db import Database, Transaction
from bedplate.settings import Settings

type Work = Callable[[Database, Settings], Awaitable[None]]
type Deed = Callable[[Transaction, UUID], Awaitable[None]]


@click.group()
def users() -> None:
    """List people, open accounts, disable and enable them, give and take roles."""


@users.command("list")
@click.option("--query", help="A part of the address or the name.")
@click.option("--role", help="Only those who were given this role.")
@click.option("--disabled/--enabled", default=None)
@click.option("--limit", default=50, show_default=True)
def list_users(query: str | None, role: str | None, *, disabled: bool | None, limit: int) -> None:
    """List accounts, the newest first."""
    from bedplate.domains.users.reads import USERS
    from bedplate.platform.db import PageQuery
    from bedplate.platform.db.cursors import CursorSigner

    async def show(database: Database, _: Settings) -> None:
        page = PageQuery(limit=limit, cursor=None, sort=None, signer=CursorSigner(b""))
        found = await USERS.all.page(database.reads, page, q=query, role=role, disabled=disabled)
        for user in found.items:
            state = "disabled" if user.disabled else "verified" if user.email_verified else "unverified"
            click.echo(f"{user.id}  {state:<10}  {user.email}  {' '.join(user.roles)}".rstrip())

    _run(show)


@users.command()
@click.argument("email")
@click.option("--name", default="", help="What the person is called.")
@click.option("--role", "roles", multiple=True, help="A role to give; may be repeated.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
def create(email: str, name: str, roles: tuple[str, ...], *, password_stdin: bool) -> None:
    """Open an account with a verified EMAIL; prints a one-time password unless one was given."""
    given = sys.stdin.readline().rstrip("\n") if password_stdin else ""

    async def open_account(database: Database, settings: Settings) -> None:
        from bedplate.domains.accounts import Passwords, normalise_email
        from bedplate.domains.audit import Actor
        from bedplate.domains.sessions.signin import register

        address = normalise_email(email, allow_reserved=settings.auth.allow_reserved_domains)
        passwords = Passwords(settings.auth)
        chosen = given or secrets.token_urlsafe(18)
        try:
            password_hash = await passwords.accept(chosen, address, name)
        finally:
            passwords.close()
        async with database.transaction() as session:
            account_id = await register(session, address, name, password_hash, Actor(), verified=True)
            if account_id is None:
                raise CommandError(f"{address} has an account already")
            for role in roles:
                await _give(session, account_id, role)
        click.echo(f"{account_id}  {address}")
        if not given:
            click.echo(f"one-time password: {chosen}")

    _run(open_account)


@users.command()
@click.argument("who")
def disable(who: str) -> None:
    """Keep WHO (an address or an id) out; sessions and API keys die within a second."""
    from bedplate.domains.audit import Actor
    from bedplate.domains.users import UserService

    _change(who, lambda session, user_id: UserService(session).disable(user_id, Actor()))


@users.command()
@click.argument("who")
def enable(who: str) -> None:
    """Let WHO (an address or an id) in again."""
    from bedplate.domains.audit import Actor
    from bedplate.domains.users import UserService

    _change(who, lambda session, user_id: UserService(session).enable(user_id, Actor()))


@users.command()
@click.argument("who")
@click.argument("role")
def grant(who: str, role: str) -> None:
    """Give WHO (an address or an id) a ROLE, such as admin."""
    _change(who, lambda session, user_id: _give(session, user_id, role))


@users.command()
@click.argument("who")
@click.argument("role")
def revoke(who: str, role: str) -> None:
    """Take a ROLE from WHO (an address or an id); the last administrator stays one."""
    from bedplate.app import permissions
    from bedplate.domains.access import Assignments
    from bedplate.domains.audit import Actor

    _change(who, lambda session, user_id: Assignments(session).take(user_id, role, permissions(), Actor()))


async def _give(session: Transaction, user_id: UUID, role: str) -> None:
    from bedplate.app import permissions
    from bedplate.domains.access import AccessService, Assignments
    from bedplate.domains.audit import Actor

    access = AccessService(session=session)
    if not await access.has_system_roles():
        # The API makes them at its start, and an operator may come before that.
        await access.keep_system_roles(permissions())
    await Assignments(session).give(user_id, role, permissions(), Actor())


def _change(who: str, deed: Deed) -> None:
    async def change(database: Database, _: Settings) -> None:
        async with database.transaction() as session:
            user_id = await _find(session, who)
            await deed(session, user_id)
        click.echo("Done.")

    _run(change)


async def _find(session: Transaction, who: str) -> UUID:
    from bedplate.domains.accounts import AccountService

    accounts = AccountService(session=session)
    if "@" in who:
        account = await accounts.by_email(who)
        if account is None:
            raise CommandError(f"Nobody has the address {who}")
        return account.id
    try:
        return (await accounts.living(UUID(who))).id
    except ValueError:
        raise CommandError(f"{who} is neither an address nor an id") from None


def _run(work: Work) -> None:
    async def run() -> None:
        settings = database_settings()
        database = Database(settings.database, application="bedplate-cli")
        async with database.lifespan():
            await work(database, settings)

    asyncio.run(run())
