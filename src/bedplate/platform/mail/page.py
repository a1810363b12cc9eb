from html import escape
from typing import Any

from litestar import Controller, Request, Response, get
from litestar.enums import MediaType

from bedplate.platform.auth.access import PUBLIC
from bedplate.platform.db import ReadPool
from bedplate.platform.errors import NotFound
from bedplate.platform.http.peer import is_local_peer
from bedplate.platform.mail.mailbox import LATEST, SentMail

SHOWN = 200
POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"
STYLE = """
:root { color-scheme: light dark } body { font: 16px/1.5 system-ui, sans-serif; max-width: 52rem; margin: 2rem auto; padding: 0 1rem }
article { border: 1px solid #8884; border-radius: 6px; padding: .5rem 1rem; margin: 1rem 0 } h2 { font-size: 1.1rem; margin: .3rem 0 }
pre { white-space: pre-wrap; overflow-wrap: anywhere; font: 14px/1.5 ui-monospace, monospace } p { opacity: .75; margin: 0 }
"""


class MailboxController(Controller):
    """What was sent, for a developer on the same machine; mounted only where mail goes to the mailbox."""

    path = "/mailbox"
    tags = ("mailbox",)
    include_in_schema = False

    @get("/", access=PUBLIC, media_type=MediaType.HTML)
    async def show_mailbox(self, request: Request[Any, Any, Any], reads: ReadPool) -> Response[Any]:
        """List the latest mails as a page, or as JSON when that is asked for."""
        if not is_local_peer(request.scope):
            raise NotFound
        mails = await LATEST.all(reads, limit=SHOWN)
        headers = {"Cache-Control": "no-store", "Content-Security-Policy": POLICY}
        if "application/json" in request.headers.get("accept", ""):
            return Response({"items": mails}, headers=headers, media_type=MediaType.JSON)
        return Response(_page(mails), headers=headers, media_type=MediaType.HTML)


def _page(mails: list[SentMail]) -> str:
    listed = "".join(_article(mail) for mail in mails) or "<p>Nothing was sent yet.</p>"
    head = (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Mailbox</title><style>{STYLE}</style>'
    )
    return f"{head}<h1>Mailbox</h1>{listed}</html>"


def _article(mail: SentMail) -> str:
    return (
        f"<article><h2>{escape(mail.subject)}</h2><p>to {escape(mail.recipient)}, "
        f"{mail.sent_at:%Y-%m-%d %H:%M:%S} UTC</p><pre>{escape(mail.text)}</pre></article>"
    )
