import httpx
import pytest

from fixtures.people import PASSWORD, sign_up

pytestmark = pytest.mark.security

OURS = {"Origin": "http://bedplate.test", "Sec-Fetch-Site": "same-origin"}
FOREIGN: list[dict[str, str]] = [
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"},
    {"Sec-Fetch-Site": "same-site", "Origin": "http://other.bedplate.test"},
    {"Content-Type": "text/plain"},
    {},
]


async def browser(asgi: httpx.AsyncClient) -> dict[str, str]:
    person = await sign_up(asgi)
    asgi.cookies.clear()
    body = {"email": person.email, "password": PASSWORD, "cookie": True}
    answer = await asgi.post("/v1/auth/login", json=body, headers=OURS)
    assert answer.status_code == 200, answer.text
    assert set(answer.json()) == {"expires_in"}
    value = answer.cookies["__Host-bedplate"]
    asgi.cookies.clear()
    return {"Cookie": f"__Host-bedplate={value}"}


async def test_row_24_the_cookie_is_locked_to_this_host_and_to_http(asgi: httpx.AsyncClient) -> None:
    person = await sign_up(asgi)
    body = {"email": person.email, "password": PASSWORD, "cookie": True}
    answer = await asgi.post("/v1/auth/login", json=body, headers=OURS)
    for header in answer.headers.get_list("set-cookie"):
        assert header.startswith("__Host-")
        parts = {part.strip().lower() for part in header.split(";")}
        assert {"secure", "httponly", "path=/", "samesite=strict"} <= parts
        assert not any(part.startswith("domain") for part in parts)
    foreign = await asgi.post("/v1/auth/login", json=body, headers={"Origin": "https://evil.example"})
    assert (foreign.status_code, foreign.json()["code"]) == (403, "cross_site")


async def test_row_24_a_browser_uses_its_session_and_leaves_it(asgi: httpx.AsyncClient) -> None:
    cookie = await browser(asgi)
    me = await asgi.get("/v1/me", headers=cookie)
    assert me.status_code == 200
    out = await asgi.post("/v1/auth/logout", headers={**cookie, **OURS})
    assert out.status_code == 204
    assert "max-age=0" in out.headers["set-cookie"].lower()
    asgi.cookies.clear()
    refused = await asgi.get("/v1/me", headers=cookie)
    for _ in range(200):
        if refused.status_code == 401:
            break
        refused = await asgi.get("/v1/me", headers=cookie)
    assert refused.status_code == 401


@pytest.mark.parametrize("headers", FOREIGN)
async def test_row_24_what_another_site_sends_is_refused(
    asgi: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    cookie = await browser(asgi)
    refused = await asgi.post("/v1/auth/logout", headers={**cookie, **headers})
    assert (refused.status_code, refused.json()["code"]) == (403, "cross_site")
    assert (await asgi.get("/v1/me", headers=cookie)).status_code == 200


async def test_row_24_a_forged_cookie_is_refused(asgi: httpx.AsyncClient) -> None:
    cookie = (await browser(asgi))["Cookie"]
    head, tail = cookie[:-10], cookie[-10:]
    forged = head + "".join("A" if letter != "A" else "B" for letter in tail)
    for value in (forged, "__Host-bedplate=x", "__Host-bedplate="):
        refused = await asgi.get("/v1/me", headers={"Cookie": value})
        assert refused.status_code == 401


async def test_row_11_a_browsers_cookie_is_new_after_a_fresh_proof(asgi: httpx.AsyncClient) -> None:
    cookie = await browser(asgi)
    body = {"password": PASSWORD}
    answer = await asgi.post("/v1/auth/step-up", json=body, headers={**cookie, **OURS})
    assert answer.status_code == 200, answer.text
    assert "access_token" not in answer.json()
    fresh = {"Cookie": f"__Host-bedplate={answer.cookies['__Host-bedplate']}"}
    asgi.cookies.clear()
    assert fresh != cookie
    assert (await asgi.get("/v1/me", headers=fresh)).status_code == 200
    old = await asgi.get("/v1/me", headers=cookie)
    for _ in range(200):
        if old.status_code == 401:
            break
        old = await asgi.get("/v1/me", headers=cookie)
    assert old.status_code == 401
