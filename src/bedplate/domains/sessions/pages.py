import base64
import hashlib
from html import escape

from litestar import Response
from litestar.enums import MediaType

SCRIPT = """
const form = document.querySelector("form"), told = document.querySelector("output");
const token = new URLSearchParams(location.hash.slice(1)).get("token");
history.replaceState(null, "", location.pathname);
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const body = { token, ...Object.fromEntries(new FormData(form)) };
  const answer = await fetch(form.dataset.to, {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
  const problem = answer.ok ? null : await answer.json();
  told.textContent = answer.ok ? "Done." : (problem.detail || problem.title);
  if (answer.ok) form.remove();
});
"""
STYLE = """
:root { color-scheme: light dark } body { font: 16px/1.5 system-ui, sans-serif; max-width: 26rem; margin: 15vh auto; padding: 0 1rem }
input, button { font: inherit; padding: .5rem .8rem; width: 100%; box-sizing: border-box; margin: .3rem 0 }
"""
FIELD = (
    '<label>New password <input name="password" type="password" autocomplete="new-password" required></label>'
)


def form_page(title: str, to: str, label: str, *, password: bool = False) -> Response[str]:
    """A page with one button that posts the token of its address' fragment; nothing happens before the click.

    The fragment is never sent, so that no log, proxy or mail scanner has the token by opening the link.
    """
    page = (
        '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{escape(title)}</title><style>{STYLE}</style><h1>{escape(title)}</h1>"
        f'<form data-to="{escape(to)}">{FIELD if password else ""}<button>{escape(label)}</button></form>'
        f"<output></output><script>{SCRIPT}</script></html>"
    )
    headers = {"Content-Security-Policy": policy(SCRIPT), "Cache-Control": "no-store"}
    return Response(page, media_type=MediaType.HTML, headers=headers)


def policy(script: str) -> str:
    """The content policy of a page that runs this script and nothing else, and talks to us alone."""
    return (
        f"default-src 'none'; script-src {_source(script)}; style-src {_source(STYLE)}; connect-src 'self'; "
        "form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
    )


def _source(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
