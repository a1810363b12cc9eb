import re
import secrets
import time

import httpx
import pyotp
import pytest
from litestar import Litestar

from fixtures.federation import begin, profile, sign_in, trade
from fixtures.openid import REDIRECT, OpenIdServer
from fixtures.people import PASSWORD, Join, new_email, sign_up

pytestmark = pytest.mark.security


async def test_providers_are_listed_for_everybody(asgi: httpx.AsyncClient, openid: OpenIdServer) -> None:
    listed = await asgi.get("/v1/auth/providers")
    assert listed.json()["items"] == [{"name": "house", "title": "House"}]


async def test_somebody_new_signs_in_and_comes_back_as_the_same(
    asgi: httpx.AsyncClient, openid: OpenIdServer, app: Litestar
) -> None:
    email = new_email("oidc")
    openid.person |= {"email": email, "email_verified": True, "name": "From Afar"}
    first = await sign_in(asgi, openid)
    assert first.status_code == 200, first.text
    me = await profile(asgi, first)
    assert (me["email"], me["email_verified"], me["has_password"]) == (email, True, False)
    openid.person["email"] = new_email("changed")
    assert (await profile(asgi, await sign_in(asgi, openid)))["id"] == me["id"]
    stored = await app.state.database.reads.fetch(
        "select sealed_refresh_token from federated_identity where user_id = $1", me["id"]
    )
    assert b"rt-secret-canary" not in stored[0][0]


async def test_row_15_a_state_works_once_and_for_its_initiator_alone(
    asgi: httpx.AsyncClient, openid: OpenIdServer
) -> None:
    openid.person |= {"email": new_email(), "email_verified": True}
    verifier = secrets.token_urlsafe(48)
    back = openid.visit((await begin(asgi, verifier))["authorization_url"])
    assert (await trade(asgi, verifier, back)).status_code == 200
    replayed = await trade(asgi, verifier, back)
    assert (replayed.status_code, replayed.json()["error"]) == (400, "invalid_grant")
    stolen = openid.visit((await begin(asgi, verifier))["authorization_url"])
    thief = await trade(asgi, secrets.token_urlsafe(48), stolen)
    assert (thief.status_code, thief.json()["code"]) == (400, "invalid_grant")
    burnt = await trade(asgi, verifier, stolen)
    assert burnt.status_code == 400


async def test_row_15_only_listed_addresses_are_returned_to(
    asgi: httpx.AsyncClient, openid: OpenIdServer
) -> None:
    for address in (
        "https://evil.example/",
        REDIRECT + "/deeper",
        REDIRECT + "?x=1",
        "https://client.example@evil.example/back",
    ):
        params = {"provider": "house", "redirect_uri": address}
        refused = await asgi.get("/v1/auth/authorize", params=params)
        assert (refused.status_code, refused.json()["code"]) == (400, "redirect_refused")
    begun = await begin(asgi, secrets.token_urlsafe(48), redirect_uri=REDIRECT)
    back = openid.visit(begun["authorization_url"])
    answer = await asgi.get("/v1/auth/callback/house", params={**back, "session_state": "theirs"})
    assert answer.status_code == 303
    assert answer.headers["location"].startswith(REDIRECT + "?code=")
    assert "access_token" not in answer.headers["location"]


async def test_row_15_a_browser_is_bound_by_its_cookie(asgi: httpx.AsyncClient, openid: OpenIdServer) -> None:
    openid.person |= {"email": new_email(), "email_verified": True}
    begun = await asgi.get("/v1/auth/authorize", params={"provider": "house"})
    assert begun.status_code == 303
    binding = begun.cookies["__Host-bedplate-oidc"]
    asgi.cookies.clear()
    back = openid.visit(begun.headers["location"])
    victim = await asgi.get("/v1/auth/callback/house", params=back)
    assert (victim.status_code, victim.json()["code"]) == (400, "invalid_state")
    begun = await asgi.get("/v1/auth/authorize", params={"provider": "house"})
    binding = begun.cookies["__Host-bedplate-oidc"]
    asgi.cookies.clear()
    back = openid.visit(begun.headers["location"])
    headers = {"Cookie": f"__Host-bedplate-oidc={binding}"}
    own = await asgi.get("/v1/auth/callback/house", params=back, headers=headers)
    assert own.status_code == 200, own.text
    session = own.cookies["__Host-bedplate"]
    asgi.cookies.clear()
    me = await asgi.get("/v1/me", headers={"Cookie": f"__Host-bedplate={session}"})
    assert me.json()["email"] == openid.person["email"]


@pytest.mark.parametrize("iss", [None, "https://other.example"])
async def test_row_15_the_issuer_of_the_answer_is_checked(
    asgi: httpx.AsyncClient, openid: OpenIdServer, iss: str | None
) -> None:
    openid.person |= {"email": new_email(), "email_verified": True}
    verifier = secrets.token_urlsafe(48)
    back = openid.visit((await begin(asgi, verifier))["authorization_url"])
    del back["iss"]
    mixed = await trade(asgi, verifier, back | ({"iss": iss} if iss else {}))
    assert (mixed.status_code, mixed.json()["provider_error"]) == (502, "issuer_mismatch")


async def test_row_17_an_attacker_who_signed_up_first_loses_password_and_sessions(
    asgi: httpx.AsyncClient, openid: OpenIdServer
) -> None:
    victim = new_email("victim")
    attacker = await sign_up(asgi, victim)
    openid.person |= {"email": victim, "email_verified": True}
    arrived = await sign_in(asgi, openid)
    assert arrived.status_code == 200, arrived.text
    login = await asgi.post("/v1/auth/login", json={"email": victim, "password": PASSWORD})
    assert login.status_code == 401
    refreshed = await asgi.post("/v1/auth/refresh", json={"refresh_token": attacker.refresh_token})
    assert refreshed.status_code == 401
    assert (await profile(asgi, arrived))["has_password"] is False


async def test_row_17_an_unverified_provider_address_never_links(
    asgi: httpx.AsyncClient, openid: OpenIdServer, join: Join
) -> None:
    person = await join(asgi)
    for email in (person.email, new_email()):
        for claim in ({}, {"email_verified": False}, {"email_verified": "true"}):
            openid.person = {"sub": secrets.token_hex(8), "email": email, **claim}
            refused = await sign_in(asgi, openid)
            assert (refused.status_code, refused.json()["code"]) == (403, "provider_email_unverified")


async def test_row_16_an_identity_is_never_an_address(
    asgi: httpx.AsyncClient, openid: OpenIdServer, join: Join
) -> None:
    person = await join(asgi)
    openid.person |= {"email": person.email, "email_verified": True}
    refused = await sign_in(asgi, openid)
    assert (refused.status_code, refused.json()["code"]) == (409, "account_exists")


async def test_a_provider_is_linked_and_unlinked_under_a_fresh_proof(
    asgi: httpx.AsyncClient, openid: OpenIdServer, join: Join
) -> None:
    from fixtures.federation import challenge_of

    person, verifier = await join(asgi), secrets.token_urlsafe(48)
    body = {"provider": "house", "code_challenge": challenge_of(verifier)}
    begun = await asgi.post("/v1/auth/identities", json=body, headers=person.headers)
    assert begun.status_code == 200, begun.text
    done = await trade(asgi, verifier, openid.visit(begun.json()["authorization_url"]))
    assert done.status_code == 200, done.text
    assert (await profile(asgi, await sign_in(asgi, openid)))["id"] == person.user_id
    other = await join(asgi)
    begun = await asgi.post("/v1/auth/identities", json=body, headers=other.headers)
    taken = await trade(asgi, verifier, openid.visit(begun.json()["authorization_url"]))
    assert (taken.status_code, taken.json()["code"]) == (409, "identity_taken")
    listed = (await asgi.get("/v1/auth/identities", headers=person.headers)).json()["items"]
    gone = await asgi.delete(f"/v1/auth/identities/{listed[0]['id']}", headers=person.headers)
    assert gone.status_code == 204
    back = await sign_in(asgi, openid)
    assert back.status_code == 403


async def test_row_19_another_persons_link_does_not_exist(
    asgi: httpx.AsyncClient, openid: OpenIdServer, join: Join
) -> None:
    openid.person |= {"email": new_email(), "email_verified": True}
    answer, other = await sign_in(asgi, openid), await join(asgi)
    headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    listed = (await asgi.get("/v1/auth/identities", headers=headers)).json()["items"]
    refused = await asgi.delete(f"/v1/auth/identities/{listed[0]['id']}", headers=other.headers)
    assert refused.status_code == 404
    assert (await asgi.get("/v1/auth/identities", headers=headers)).json()["items"] == listed


async def test_the_last_way_to_sign_in_stays(asgi: httpx.AsyncClient, openid: OpenIdServer) -> None:
    openid.person |= {"email": new_email(), "email_verified": True}
    answer = await sign_in(asgi, openid)
    headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    listed = (await asgi.get("/v1/auth/identities", headers=headers)).json()["items"]
    refused = await asgi.delete(f"/v1/auth/identities/{listed[0]['id']}", headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (409, "last_sign_in")


async def test_row_31_a_provider_that_is_down_bypasses_nothing(
    asgi: httpx.AsyncClient, openid: OpenIdServer
) -> None:
    openid.down = True
    params = {"provider": "house"}
    begun = await asgi.get("/v1/auth/authorize", params=params)
    assert (begun.status_code, begun.json()["code"]) == (502, "provider_failed")


async def test_a_providers_error_is_passed_on_without_a_token(
    asgi: httpx.AsyncClient, openid: OpenIdServer
) -> None:
    openid.token_error = (400, {"error": "invalid_client", "error_description": "at-secret is wrong"})
    failed = await sign_in(asgi, openid)
    assert (failed.status_code, failed.json()["provider_error"]) == (502, "invalid_client")
    assert "at-secret" not in failed.text
    openid.token_error = (500, "not an object")
    assert (await sign_in(asgi, openid)).status_code == 502


async def test_unsupported_grants_are_refused_by_their_names(asgi: httpx.AsyncClient) -> None:
    form = {"grant_type": "password"}
    refused = await asgi.post("/v1/auth/token", data=form)
    assert (refused.status_code, refused.json()["error"]) == (400, "unsupported_grant_type")
    assert refused.headers["content-type"] == "application/problem+json"
    lacking = await asgi.post("/v1/auth/token", json={"grant_type": "refresh_token"})
    assert (lacking.status_code, lacking.json()["code"]) == (400, "invalid_request")


async def test_a_refresh_token_is_traded_as_a_form_and_as_json(asgi: httpx.AsyncClient) -> None:
    person = await sign_up(asgi)
    form = {"grant_type": "refresh_token", "refresh_token": person.refresh_token}
    first = await asgi.post("/v1/auth/token", data=form)
    assert first.status_code == 200, first.text
    second = await asgi.post("/v1/auth/token", json=form | {"refresh_token": first.json()["refresh_token"]})
    assert second.status_code == 200
    revoked = await asgi.post("/v1/auth/revoke", data={"token": second.json()["refresh_token"]})
    assert revoked.status_code == 200
    assert (await asgi.post("/v1/auth/revoke", data={"token": "unknown"})).status_code == 200
    spent = await asgi.post("/v1/auth/token", data=form | {"refresh_token": second.json()["refresh_token"]})
    assert (spent.status_code, spent.json()["error"]) == (400, "invalid_grant")


async def test_a_browser_may_trade_its_code_with_the_cookie_that_bound_it(
    asgi: httpx.AsyncClient, openid: OpenIdServer
) -> None:
    openid.person |= {"email": new_email(), "email_verified": True}

    async def traded(*, with_cookie: bool) -> httpx.Response:
        begun = await asgi.get("/v1/auth/authorize", params={"provider": "house"})
        binding = begun.cookies["__Host-bedplate-oidc"]
        asgi.cookies.clear()
        back = openid.visit(begun.headers["location"])
        headers = {"Cookie": f"__Host-bedplate-oidc={binding}"} if with_cookie else {}
        form = {"grant_type": "authorization_code", **back}
        return await asgi.post("/v1/auth/token", data=form, headers=headers)

    own = await traded(with_cookie=True)
    assert own.status_code == 200, own.text
    assert (await profile(asgi, own))["email"] == openid.person["email"]
    thief = await traded(with_cookie=False)
    assert (thief.status_code, thief.json()["error"]) == (400, "invalid_grant")


async def test_a_verifiers_sign_in_is_not_finished_without_it(
    asgi: httpx.AsyncClient, openid: OpenIdServer
) -> None:
    begun = await begin(asgi, secrets.token_urlsafe(48))
    form = {"grant_type": "authorization_code", **openid.visit(begun["authorization_url"])}
    refused = await asgi.post("/v1/auth/token", data=form)
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_grant")


@pytest.mark.parametrize(
    ("asked", "error"),
    [
        ({"grant_type": "password", "username": "owner@team.example", "password": PASSWORD}, "unsupported_grant_type"),
        ({"grant_type": "client_credentials", "client_secret": "x", "scope": "all"}, "unsupported_grant_type"),
        ({"grant_type": "authorization_code", "code": "x"}, "invalid_request"),
        ({"grant_type": "authorization_code", "code": "x", "state": "y"}, "invalid_grant"),
        ({"grant_type": "refresh_token", "refresh_token": "x", "scope": "all"}, "invalid_grant"),
        ({}, "invalid_request"),
    ],
)  # fmt: skip
async def test_the_token_endpoint_refuses_as_oauth_says(
    asgi: httpx.AsyncClient, asked: dict[str, str], error: str
) -> None:
    for sent in ({"json": asked}, {"data": asked} if asked else {"json": asked}):
        refused = await asgi.post("/v1/auth/token", **sent)
        assert (refused.status_code, refused.json()["error"]) == (400, error)
        assert (refused.json()["code"], refused.headers["cache-control"]) == (error, "no-store")


async def test_a_browser_with_a_second_factor_is_asked_for_it_on_a_page(
    asgi: httpx.AsyncClient, openid: OpenIdServer, join: Join
) -> None:
    openid.person |= {"email": new_email(), "email_verified": True}
    headers = {"Authorization": f"Bearer {(await sign_in(asgi, openid)).json()['access_token']}"}
    totp = pyotp.TOTP((await asgi.post("/v1/auth/mfa/totp", headers=headers)).json()["secret"])
    body = {"code": totp.at(int(time.time()) - 30)}
    assert (await asgi.post("/v1/auth/mfa/totp/confirm", json=body, headers=headers)).status_code == 200

    begun = await asgi.get("/v1/auth/authorize", params={"provider": "house", "redirect_uri": REDIRECT})
    binding = begun.cookies["__Host-bedplate-oidc"]
    asgi.cookies.clear()
    browser = {"Accept": "text/html", "Cookie": f"__Host-bedplate-oidc={binding}"}
    back = openid.visit(begun.headers["location"])
    page = await asgi.get("/v1/auth/callback/house", params=back, headers=browser)
    assert page.status_code == 200, page.text
    assert "__Host-bedplate=" not in page.headers["set-cookie"]
    assert page.headers["cache-control"] == "no-store"
    shown = re.search(r'data-challenge="([\w-]+)" data-next="([^"]*)"', page.text)
    assert shown is not None
    assert shown[2] == REDIRECT
    step = {"challenge": shown[1], "code": totp.now(), "cookie": True}
    done = await asgi.post("/v1/auth/mfa/login", json=step, headers={"Origin": "http://bedplate.test"})
    assert done.status_code == 200, done.text
    cookie = {"Cookie": f"__Host-bedplate={done.cookies['__Host-bedplate']}"}
    asgi.cookies.clear()
    assert (await asgi.get("/v1/me", headers=cookie)).json()["email"] == openid.person["email"]
