import json
import secrets
import threading
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from bedplate.settings.load import SettingsError, load_settings

pytestmark = pytest.mark.security
TOKEN = "only-for-these-tests"
KEPT = secrets.token_urlsafe(48)


class Vault(BaseHTTPRequestHandler):
    """Answers like Vault's KV engine, version 2, with one secret for one token."""

    def do_GET(self) -> None:
        if self.headers["X-Vault-Token"] != TOKEN:
            self.answer(403, {"errors": ["permission denied"]})
        elif self.path == "/v1/kv/data/elsewhere":
            self.answer(307, {}, {"Location": "http://127.0.0.1:1/v1/kv/data/bedplate"})
        elif self.path == "/v1/kv/data/odd":
            self.answer(200, {"data": [KEPT]})
        elif self.path == "/v1/kv/data/bedplate/api":
            self.answer(200, {"data": {"data": {"auth_secret": KEPT, "HTTP_PORT": 8123}, "metadata": {}}})
        else:
            self.answer(404, {"errors": []})

    def answer(self, status: int, body: object, headers: Mapping[str, str] | None = None) -> None:
        raw = json.dumps(body).encode()
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture
def vault() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Vault)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def asked(vault: str, path: str = "kv/bedplate/api", **more: str) -> dict[str, str]:
    found = {"BEDPLATE_VAULT_URL": vault, "BEDPLATE_VAULT_PATH": path, "BEDPLATE_VAULT_TOKEN": TOKEN}
    return found | more


def test_row_30_secrets_come_from_vault_and_the_environment_goes_before(vault: str) -> None:
    settings = load_settings(asked(vault))
    assert (settings.auth.secret.reveal(), settings.http.port) == (KEPT, 8123)
    assert load_settings(asked(vault, BEDPLATE_HTTP_PORT="9000")).http.port == 9000
    assert TOKEN not in repr(settings)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"BEDPLATE_VAULT_TOKEN": "wrong"}, "403"),
        ({"BEDPLATE_VAULT_TOKEN": ""}, "needs"),
        ({"BEDPLATE_VAULT_PATH": "kv/nothing"}, "404"),
        ({"BEDPLATE_VAULT_PATH": "kv/odd"}, "no secret"),
        ({"BEDPLATE_VAULT_PATH": "kv/elsewhere"}, "307"),
        ({"BEDPLATE_VAULT_URL": "http://127.0.0.1:1"}, "does not answer"),
        ({"BEDPLATE_VAULT_URL": "file:///etc/passwd"}, "needs"),
    ],
)
def test_row_30_without_vaults_answer_nothing_starts_and_nothing_is_told(
    vault: str, change: dict[str, str], told: str
) -> None:
    with pytest.raises(SettingsError, match="BEDPLATE_VAULT_URL") as refused:
        load_settings(asked(vault) | change)
    assert told in str(refused.value)
    assert TOKEN not in str(refused.value)
    assert KEPT not in str(refused.value)
