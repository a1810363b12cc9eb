from collections.abc import Sequence
from html import escape
from typing import Any

from litestar import Response
from litestar.datastructures import Cookie
from litestar.enums import MediaType

from bedplate.domains.sessions.pages import STYLE, policy

SCRIPT = """
const page = document.querySelector("main"), told = document.querySelector("output");
const send = (path, body) => fetch(path, {
  method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
const finish = async (proof) => {
  const answer = await send("/v1/auth/mfa/login", { challenge: page.dataset.challenge, cookie: true, ...proof });
  const problem = answer.ok ? null : await answer.json();
  if (problem) { told.textContent = problem.detail || problem.title; return; }
  if (page.dataset.next) location.replace(page.dataset.next);
  page.remove();
  told.textContent = "You are signed in.";
};
document.querySelector("form").addEventListener("submit", (event) => {
  event.preventDefault();
  const code = new FormData(event.target).get("code").replace(/\\s/g, "");
  finish(/^\\d{6}$/.test(code) ? { code } : { recovery_code: code });
});
document.querySelector("#passkey")?.addEventListener("click", async () => {
  const answer = await send("/v1/auth/mfa/login/options", { challenge: page.dataset.challenge });
  const asked = await answer.json();
  if (!answer.ok) { told.textContent = asked.detail || asked.title; return; }
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(asked.options);
  const passkey = await navigator.credentials.get({ publicKey });
  finish({ passkey: passkey.toJSON() });
});
"""
CODE = (
    '<form><label>Code of your app, or a recovery code <input name="code" autocomplete="one-time-code" '
    'autofocus required maxlength="64"></label><button>Sign in</button></form>'
)
PASSKEY = '<button id="passkey">Use a passkey</button>'


def second_step_page(
    challenge: str, methods: Sequence[str], then: str, *, cookies: list[Cookie]
) -> Response[Any]:
    """A page on which a browser, back from a provider, gives its second factor; it goes on to `then`."""
    page = (
        '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>Second step</title><style>{STYLE}</style><h1>Second step</h1>"
        f'<main data-challenge="{escape(challenge)}" data-next="{escape(then)}">'
        f"{CODE}{PASSKEY if 'passkey' in methods else ''}</main>"
        f"<output></output><script>{SCRIPT}</script></html>"
    )
    headers = {"Content-Security-Policy": policy(SCRIPT), "Cache-Control": "no-store"}
    return Response(page, media_type=MediaType.HTML, headers=headers, cookies=cookies)
