import base64
import hmac
import json
import time
from typing import Any

import httpx
import pytest
from joserfc.jwk import RSAKey

from fixtures.federation import sign_in
from fixtures.openid import Claims, OpenIdServer, sign
from fixtures.people import new_email

pytestmark = pytest.mark.security


def claim(name: str, value: Any) -> Any:
    def tamper(claims: Claims, _: dict[str, Any]) -> None:
        claims[name] = value() if callable(value) else value

    return tamper


def without(name: str) -> Any:
    return lambda claims, _: claims.pop(name)


def header(name: str, value: Any) -> Any:
    def tamper(_: Claims, found: dict[str, Any]) -> None:
        found[name] = value

    return tamper


TAMPERED = {
    "another issuer": claim("iss", "https://other.example"),
    "another audience": claim("aud", "another-client"),
    "an empty audience": claim("aud", []),
    "two audiences and no azp": claim("aud", ["bedplate-tests", "another-client"]),
    "another authorised party": claim("azp", "another-client"),
    "expired": claim("exp", lambda: int(time.time()) - 120),
    "an expiry that is a string": claim("exp", lambda: str(int(time.time()) + 300)),
    "no expiry": without("exp"),
    "issued in the future": claim("iat", lambda: int(time.time()) + 300),
    "issued long ago": claim("iat", lambda: int(time.time()) - 86_400),
    "not yet valid": claim("nbf", lambda: int(time.time()) + 300),
    "another nonce": claim("nonce", "replayed"),
    "no nonce": without("nonce"),
    "no subject": without("sub"),
    "an empty subject": claim("sub", ""),
    "an access token's type": header("typ", "at+jwt"),
    "an unknown key": header("kid", "two"),
    "an embedded key": header("jwk", {"kty": "oct", "k": "AAAA"}),
    "a key's address": header("jku", "https://evil.example/keys"),
    "an unknown extension": header("crit", ["b64"]),
}


@pytest.mark.parametrize("name", TAMPERED)
async def test_row_16_a_tampered_id_token_is_refused(
    asgi: httpx.AsyncClient, openid: OpenIdServer, name: str
) -> None:
    openid.person |= {"email": new_email(), "email_verified": True}
    openid.tamper = TAMPERED[name]
    openid.sign = lambda found, claims: forged(found, claims, openid.key)
    refused = await sign_in(asgi, openid)
    assert (refused.status_code, refused.json()["provider_error"]) == (502, "invalid_id_token")


async def test_row_16_the_untampered_token_passes(asgi: httpx.AsyncClient, openid: OpenIdServer) -> None:
    openid.person |= {"email": new_email(), "email_verified": True}
    openid.sign = lambda found, claims: forged(found, claims, openid.key)
    assert (await sign_in(asgi, openid)).status_code == 200


async def test_row_16_a_clock_a_minute_off_is_tolerated(
    asgi: httpx.AsyncClient, openid: OpenIdServer
) -> None:
    openid.person |= {"email": new_email(), "email_verified": True}
    openid.tamper = claim("exp", lambda: int(time.time()) - 50)
    assert (await sign_in(asgi, openid)).status_code == 200


def no_signature(found: dict[str, Any], claims: Claims, _: OpenIdServer) -> str:
    return f"{part({**found, 'alg': 'none'})}.{part(claims)}."


def by_a_stranger(found: dict[str, Any], claims: Claims, server: OpenIdServer) -> str:
    return sign(found, claims, server.stranger)


def by_the_public_key_as_a_secret(found: dict[str, Any], claims: Claims, server: OpenIdServer) -> str:
    text = f"{part({**found, 'alg': 'HS256'})}.{part(claims)}"
    mac = hmac.digest(server.key.as_pem(private=False), text.encode(), "sha256")
    return f"{text}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"


def altered_after_signing(found: dict[str, Any], claims: Claims, server: OpenIdServer) -> str:
    head, _, signature = sign(found, claims, server.key).split(".")
    return f"{head}.{part({**claims, 'sub': 'somebody else'})}.{signature}"


def without_kid(found: dict[str, Any], claims: Claims, server: OpenIdServer) -> str:
    del found["kid"]
    return sign(found, claims, server.key)


@pytest.mark.parametrize(
    "make", [no_signature, by_a_stranger, by_the_public_key_as_a_secret, altered_after_signing, without_kid]
)
async def test_row_16_a_signature_that_does_not_hold_is_refused(
    asgi: httpx.AsyncClient, openid: OpenIdServer, make: Any
) -> None:
    openid.person |= {"email": new_email(), "email_verified": True}
    openid.sign = lambda found, claims: make(found, claims, openid)
    refused = await sign_in(asgi, openid)
    assert (refused.status_code, refused.json()["provider_error"]) == (502, "invalid_id_token")


async def test_row_13_our_access_token_is_no_id_token(asgi: httpx.AsyncClient, openid: OpenIdServer) -> None:
    openid.person |= {"email": new_email(), "email_verified": True}
    access_token = (await sign_in(asgi, openid)).json()["access_token"]
    openid.sign = lambda _header, _claims: access_token
    assert (await sign_in(asgi, openid)).status_code == 502


# An access token by the provider's own key, in all else an ID token: its type, or whom it is for, tells it alone.
ACCESS_TOKENS = {
    "its type": header("typ", "at+jwt"),
    "its type in full": header("typ", "application/at+jwt"),
    "an interface's audience": claim("aud", "bedplate"),
}


@pytest.mark.parametrize("told_by", ACCESS_TOKENS)
async def test_row_13_an_access_token_that_the_providers_key_signed_is_no_id_token(
    asgi: httpx.AsyncClient, openid: OpenIdServer, told_by: str
) -> None:
    openid.person |= {"email": new_email(), "email_verified": True}
    openid.sign = lambda found, claims: forged(found, claims, openid.key)
    assert (await sign_in(asgi, openid)).status_code == 200
    openid.tamper = ACCESS_TOKENS[told_by]
    refused = await sign_in(asgi, openid)
    assert (refused.status_code, refused.json().get("provider_error")) == (502, "invalid_id_token")


async def test_row_13_an_id_token_is_no_access_token(asgi: httpx.AsyncClient, openid: OpenIdServer) -> None:
    now = int(time.time())
    claims = {"iss": "http://bedplate.test", "aud": "bedplate", "sub": "x", "iat": now, "exp": now + 300}
    token = sign({"alg": "RS256", "kid": "one", "typ": "JWT"}, claims, openid.key)
    refused = await asgi.get("/v1/me", headers={"Authorization": f"Bearer {token}"})
    assert (refused.status_code, refused.json()["code"]) == (401, "invalid_token")


def part(value: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def forged(found: dict[str, Any], claims: Claims, key: RSAKey) -> str:
    """Sign any header with the provider's own key, as a library that checks headers would not."""
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.hashes import SHA256

    text = f"{part(found)}.{part(claims)}"
    signature = key.private_key.sign(text.encode(), PKCS1v15(), SHA256())
    return f"{text}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"
