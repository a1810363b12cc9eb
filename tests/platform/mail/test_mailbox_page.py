from uuid import uuid4

import httpx
from litestar import Litestar

from bedplate.platform.mail import Letter, Mailbox, compose

HOSTILE = "<script>alert(1)</script>"
LETTER = Letter(subject="For $name", paragraphs=("Hello $name,",), link="Open it")


async def test_the_mailbox_shows_what_was_sent_and_runs_none_of_it(
    asgi: httpx.AsyncClient, app: Litestar
) -> None:
    mail = compose(LETTER, "owner@team.example", {"name": HOSTILE}, "https://a.example/#token=t")
    mailer, key = Mailbox(app.state.settings.mail, app.state.database), uuid4()
    for _ in range(2):
        await mailer.send(mail, key=key)
    page = await asgi.get("/mailbox", headers={"Accept": "text/html"})
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    assert page.headers["cache-control"] == "no-store"
    assert "script-src" not in page.headers["content-security-policy"]
    assert HOSTILE not in page.text
    assert page.text.count(str(key)) <= 1
    listed = (await asgi.get("/mailbox", headers={"Accept": "application/json"})).json()["items"]
    mine = [item for item in listed if item["id"] == str(key)]
    assert [(item["subject"], item["recipient"]) for item in mine] == [(f"For {HOSTILE}", mail.to)]
    assert "#token=t" in mine[0]["text"]


async def test_the_mailbox_is_for_this_machine_alone(app: Litestar) -> None:
    transport = httpx.ASGITransport(app=app, client=("192.0.2.7", 4711))
    async with httpx.AsyncClient(transport=transport, base_url="http://bedplate.test") as client:
        assert (await client.get("/mailbox")).status_code == 404
