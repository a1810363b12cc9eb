import json
from collections.abc import Mapping
from http.client import HTTPException
from typing import Annotated
from urllib.error import HTTPError
from urllib.parse import quote, urlsplit
from urllib.request import (
    HTTPDefaultErrorHandler,
    HTTPErrorProcessor,
    HTTPHandler,
    HTTPSHandler,
    OpenerDirector,
    Request,
)

import msgspec
from msgspec import Meta

from bedplate.settings.secret import Secret

TIMEOUT = 10.0
LONGEST = 1 << 20


class VaultSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Settings kept in HashiCorp Vault; read once, when a process starts."""

    url: Annotated[
        str,
        Meta(
            description="`https://vault.example:8200`; empty: Vault is not asked. Read from the environment."
        ),
    ] = ""
    token: Annotated[
        Secret, Meta(description="Token that may read the path; its `_FILE` twin fits an agent's.")
    ] = Secret("")
    path: Annotated[
        str,
        Meta(
            description="The secret in a KV engine of version 2, its mount first; a key a setting, as `AUTH_SECRET`."
        ),
    ] = "secret/bedplate"


def read_vault(url: str, token: str, path: str) -> Mapping[str, str]:
    """Read a secret of a KV engine, version 2 (`GET /v1/<mount>/data/<path>`).

    Raises:
        ValueError: why it cannot be read; neither the token nor what was answered stands in it.
    """
    mount, _, name = path.strip("/").partition("/")
    if urlsplit(url).scheme not in {"http", "https"} or not name or not token:
        raise ValueError("needs a URL, a token and a path `mount/name`")
    address = f"{url.rstrip('/')}/v1/{quote(mount)}/data/{quote(name)}"
    request = Request(address, headers={"X-Vault-Token": token, "X-Vault-Request": "true"})  # noqa: S310 - its scheme is checked above
    try:
        with _opener().open(request, timeout=TIMEOUT) as answer:
            found = json.loads(answer.read(LONGEST))["data"]["data"]
            return {str(key): str(value) for key, value in found.items()}
    except HTTPError as error:
        error.close()
        raise ValueError(f"answered {error.code}") from None
    except (OSError, HTTPException) as error:
        raise ValueError(f"does not answer ({type(error).__name__})") from None
    except (ValueError, LookupError, TypeError, AttributeError):
        raise ValueError("answered something that is no secret of a KV engine, version 2") from None


def _opener() -> OpenerDirector:
    # Follows no redirect, or the token would go along to wherever the answer points; and knows no proxy.
    opener = OpenerDirector()
    for handler in (HTTPHandler, HTTPSHandler, HTTPDefaultErrorHandler, HTTPErrorProcessor):
        opener.add_handler(handler())
    return opener
