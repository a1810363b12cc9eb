import base64
import datetime as dt
import hashlib
import hmac
import json
import time
from typing import Any

import httpx
import pytest
from joserfc import jws
from joserfc.jwk import ECKey
from litestar import Litestar

from bedplate.platform.auth.keys import rotate
from fixtures.people import Person, sign_up

pytestmark = pytest.mark.security

type Parts = tuple[dict[str, Any], dict[str, Any]]


def part(value: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def opened(token: str) -> Parts:
    def decode(text: str) -> dict[str, Any]:
        return json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))

    header, claims, _ = token.split(".")
    return decode(header), decode(claims)


def signed(app: Litestar, header: dict[str, Any], claims: dict[str, Any]) -> str:
    """Sign with the service's own key, whatever the header says."""
    from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
    from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
    from cryptography.hazmat.primitives.hashes import SHA256

    _, key = app.state.key_ring.signing()
    text = f"{part(header)}.{part(claims)}"
    r, s = decode_dss_signature(key.private_key.sign(text.encode(), ECDSA(SHA256())))
    raw = r.to_bytes(32, "big") + s.to_bytes(32, "big")
    return f"{text}.{base64.urlsafe_b64encode(raw).rstrip(b'=').decode()}"


async def status(asgi: httpx.AsyncClient, token: str) -> int:
    return (await asgi.get("/v1/me", headers={"Authorization": f"Bearer {token}"})).status_code


HEADERS: dict[str, dict[str, Any]] = {
    "embedded key": {"jwk": {"kty": "EC"}},
    "key address": {"jku": "https://evil.example/keys"},
    "no kid": {"kid": None},
    "unknown kid": {"kid": "unknown"},
    "traversing kid": {"kid": "../../etc/passwd"},
    "unknown extension": {"crit": ["x"], "x": 1},
    "no type": {"typ": None},
    "an ID token's type": {"typ": "JWT"},
    "another algorithm": {"alg": "ES384"},
    "no algorithm": {"alg": "none"},
}
CLAIMS: dict[str, dict[str, Any]] = {
    "another issuer": {"iss": "https://evil.example"},
    "another audience": {"aud": "another"},
    "a list of audiences": {"aud": ["bedplate"]},
    "a string exp": {"exp": str(int(time.time()) + 300)},
    "no exp": {"exp": None},
    "expired": {"exp": int(time.time()) - 61},
    "future nbf": {"nbf": int(time.time()) + 7200},
    "no sid": {"sid": None},
    "no jti": {"jti": None},
    "no client": {"client_id": None},
}


def merged(values: dict[str, Any], change: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in {**values, **change}.items() if value is not None}


async def test_row_12_the_token_is_as_rfc_9068_says(asgi: httpx.AsyncClient, app: Litestar) -> None:
    person = await sign_up(asgi)
    header, claims = opened(person.access_token)
    assert (header["alg"], header["typ"]) == ("ES256", "at+jwt")
    assert {"iss", "aud", "sub", "client_id", "exp", "iat", "nbf", "jti", "sid", "roles"} <= set(claims)
    assert claims["exp"] - claims["iat"] == 300
    assert await status(asgi, signed(app, header, claims)) == 200


@pytest.mark.parametrize("name", HEADERS)
async def test_row_12_a_header_that_is_not_ours_is_refused(
    asgi: httpx.AsyncClient, app: Litestar, name: str
) -> None:
    header, claims = opened((await sign_up(asgi)).access_token)
    assert await status(asgi, signed(app, merged(header, HEADERS[name]), claims)) == 401


@pytest.mark.parametrize("name", CLAIMS)
async def test_row_12_a_claim_that_does_not_hold_is_refused(
    asgi: httpx.AsyncClient, app: Litestar, name: str
) -> None:
    header, claims = opened((await sign_up(asgi)).access_token)
    assert await status(asgi, signed(app, header, merged(claims, CLAIMS[name]))) == 401


# An ID token by our own key, in all else an access token: its type, or whom it is for, tells it alone.
ID_TOKENS: dict[str, Parts] = {
    "its type": ({"typ": "JWT"}, {}),
    "its type in small letters": ({"typ": "jwt"}, {}),
    "no type": ({"typ": None}, {}),
    "a client's audience": ({}, {"aud": "bedplate-tests"}),
}


@pytest.mark.parametrize("told_by", ID_TOKENS)
async def test_row_13_an_id_token_that_our_own_key_signed_is_no_access_token(
    asgi: httpx.AsyncClient, app: Litestar, told_by: str
) -> None:
    header, claims = opened((await sign_up(asgi)).access_token)
    assert await status(asgi, signed(app, header, claims)) == 200
    other_header, other_claims = ID_TOKENS[told_by]
    token = signed(app, merged(header, other_header), merged(claims, other_claims))
    refused = await asgi.get("/v1/me", headers={"Authorization": f"Bearer {token}"})
    assert (refused.status_code, refused.json().get("code")) == (401, "invalid_token")


async def test_row_12_other_signatures_are_refused(asgi: httpx.AsyncClient, app: Litestar) -> None:
    header, claims = opened((await sign_up(asgi)).access_token)
    kid, key = app.state.key_ring.signing()
    text = f"{part({**header, 'alg': 'HS256'})}.{part(claims)}"
    mac = hmac.digest(key.as_pem(private=False), text.encode(), hashlib.sha256)
    assert await status(asgi, f"{text}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}") == 401
    stranger = ECKey.generate_key("P-256", parameters={"kid": kid})
    assert await status(asgi, jws.serialize_compact(header, json.dumps(claims).encode(), stranger)) == 401
    assert await status(asgi, f"{part({**header, 'alg': 'none'})}.{part(claims)}.") == 401


async def test_row_14_the_key_set_is_public_and_outlives_a_rotation(
    asgi: httpx.AsyncClient, app: Litestar
) -> None:
    person: Person = await sign_up(asgi)
    old = opened(person.access_token)[0]["kid"]
    served = await asgi.get("/.well-known/jwks.json")
    assert "max-age" in served.headers["cache-control"]
    assert all(not {"d", "p", "q", "k"} & set(key) for key in served.json()["keys"])
    async with app.state.database.transaction() as session:
        overlap = dt.timedelta(minutes=6)
        new = await rotate(session, app.state.sealer, lead=dt.timedelta(0), overlap=overlap)
    await app.state.key_ring.load(app.state.database)
    kids = {key["kid"] for key in (await asgi.get("/.well-known/jwks.json")).json()["keys"]}
    assert {old, new} <= kids
    assert await status(asgi, person.access_token) == 200
    assert opened((await sign_up(asgi)).access_token)[0]["kid"] == new
    async with app.state.database.transaction() as session:
        await (await session.connection()).exec_driver_sql(
            "update signing_key set retires_at = now() - interval '1 second' where kid = $1", (old,)
        )
    await app.state.key_ring.load(app.state.database)
    header, claims = opened(person.access_token)
    app.state.tokens._verified.clear()
    assert header["kid"] == old
    assert claims["exp"] > time.time()
    assert await status(asgi, person.access_token) == 401
