"""`bedplate users` and `bedplate keys`, as an operator calls them."""

import asyncio

import httpx
import pytest
from litestar import Litestar

from bedplate.settings import Settings
from fixtures.cli import Run, call
from fixtures.people import PASSWORD, Join, log_in, new_email
from fixtures.servers import TestServers, clone_database
from fixtures.service import environment_of
from fixtures.sharing import refused_in_time


async def test_an_account_is_opened_steered_and_listed(
    run: Run, asgi: httpx.AsyncClient, make_admin: Join
) -> None:
    await make_admin(asgi)  # or the one made here would be the last, who stays
    email = new_email("operator")
    options = ("--name", "Op", "--role", "admin", "--password-stdin")
    made = await run("users", "create", email, *options, stdin=PASSWORD)
    assert made.exit_code == 0, made.stdout + made.stderr
    assert PASSWORD not in made.stdout + made.stderr
    person = await log_in(asgi, email)
    assert (await asgi.get("/v1/users", headers=person.headers)).status_code == 200

    listed = await run("users", "list", "--query", email)
    assert listed.stdout.split() == [person.user_id, "verified", email, "admin"]
    assert (await run("users", "disable", email.upper())).exit_code == 0
    await refused_in_time(lambda: asgi.get("/v1/me", headers=person.headers))
    assert "disabled" in (await run("users", "list", "--query", email)).stdout
    assert (await run("users", "enable", person.user_id)).exit_code == 0
    person = await log_in(asgi, email)
    assert (await run("users", "revoke", email, "admin")).exit_code == 0
    await refused_in_time(lambda: asgi.get("/v1/users", headers=person.headers))
    assert (await run("users", "grant", email, "admin")).exit_code == 0
    person = await log_in(asgi, email)
    assert (await asgi.get("/v1/users", headers=person.headers)).status_code == 200


async def test_an_administrator_may_be_made_before_the_api_first_starts(
    settings: Settings, worker_id: str
) -> None:
    servers = TestServers.from_environment()
    database = await asyncio.to_thread(clone_database, servers, f"{worker_id}_unstarted")
    environment = environment_of(settings) | {
        "BEDPLATE_DATABASE_URL": database.url.reveal(),
        "BEDPLATE_DATABASE_OWNER_URL": database.owner_url.reveal(),
    }
    command = ("users", "create", new_email("first"), "--role", "admin")
    made = await asyncio.to_thread(call, *command, environment=environment)
    assert made.exit_code == 0, made.stderr
    assert "admin" in (await asyncio.to_thread(call, "users", "list", environment=environment)).stdout


async def test_a_one_time_password_is_printed_once(run: Run, asgi: httpx.AsyncClient) -> None:
    email = new_email("generated")
    made = await run("users", "create", email)
    password = made.stdout.rpartition("one-time password: ")[2].strip()
    assert (await log_in(asgi, email, password)).email == email


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("disable", "nobody@team.example"), "Nobody has the address nobody@team.example"),
        (("enable", "neither"), "neither is neither an address nor an id"),
        (("create", "no-address"), "This is not an e-mail address"),
        (("grant", "nobody@team.example", "admin"), "Nobody has the address nobody@team.example"),
    ],
)
async def test_what_cannot_be_is_said_in_one_line(run: Run, arguments: tuple[str, ...], says: str) -> None:
    refused = await run("users", *arguments)
    assert (refused.exit_code, refused.stderr) == (2, f"bedplate: {says}\n")


@pytest.mark.security
async def test_row_14_a_rotation_of_signing_keys_signs_nobody_out(
    app: Litestar, run: Run, asgi: httpx.AsyncClient
) -> None:
    email = new_email("rotated")
    assert (await run("users", "create", email, "--password-stdin", stdin=PASSWORD)).exit_code == 0
    before = await log_in(asgi, email)
    former = {key["kid"] for key in (await asgi.get("/.well-known/jwks.json")).json()["keys"]}
    assert (await run("keys", "rotate", "--overlap", "1")).exit_code == 2
    turned = await run("keys", "rotate", "--lead", "0")
    assert turned.exit_code == 0, turned.output
    new = turned.stdout.split()[0]
    await app.state.key_ring.load(app.state.database)
    keys = (await asgi.get("/.well-known/jwks.json")).json()["keys"]
    kids = {key["kid"] for key in keys}
    assert new in kids <= former | {new}
    assert not [key for key in keys if "d" in key]
    after = await log_in(asgi, email)
    assert app.state.key_ring.signing()[0] == new
    for person in (before, after):
        assert (await asgi.get("/v1/me", headers=person.headers)).status_code == 200
    first, *others = (line.split()[:2] for line in (await run("keys", "list")).stdout.splitlines())
    assert first == [new, "signing"]
    assert {state for _, state in others} <= {"retiring", "retired"}
