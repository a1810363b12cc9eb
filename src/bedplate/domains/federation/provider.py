import logging
import time
from typing import Any
from urllib.parse import urlencode

import httpx
import msgspec
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from bedplate.domains.federation import idtoken
from bedplate.domains.federation.errors import ProviderFailed
from bedplate.domains.federation.idtoken import IdClaims, IdTokenRefused
from bedplate.platform.http.outbound import read_limited
from bedplate.settings.oidc import Provider

FRESH_SECONDS, AGAIN_SECONDS = 3600.0, 30.0
OK = 200
logger = logging.getLogger(__name__)


class Metadata(msgspec.Struct, frozen=True):
    """What discovery tells (OpenID Connect Discovery 3, RFC 9207)."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    authorization_response_iss_parameter_supported: bool = False
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("client_secret_basic",)


class TokenAnswer(msgspec.Struct, frozen=True):
    id_token: str
    refresh_token: str | None = None


class TokenRefusal(msgspec.Struct, frozen=True):
    error: str = ""


class OpenIdProvider:
    """A provider as we talk to it; what it publishes is held for an hour."""

    def __init__(self, settings: Provider, client: httpx.AsyncClient, *, skew: float) -> None:
        self.settings = settings
        self._client = client
        self._skew = skew
        self._metadata: tuple[float, Metadata] | None = None
        self._keys: tuple[float, KeySet] | None = None

    async def authorization_url(
        self, *, state: str, nonce: str, challenge: str, redirect_uri: str, prove: bool = False
    ) -> str:
        """Where the person goes to sign in; `prove` asks the provider to make sure anew who he is.

        Raises:
            ProviderFailed: the provider does not answer.
        """
        metadata = await self.metadata()
        query = {
            "response_type": "code",
            "client_id": self.settings.client_id,
            "redirect_uri": redirect_uri,
            "scope": " ".join(self.settings.scopes),
            "state": state,
            "nonce": nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        if prove:
            query["prompt"] = "login"
        joint = "&" if "?" in metadata.authorization_endpoint else "?"
        return f"{metadata.authorization_endpoint}{joint}{urlencode(query)}"

    async def exchange(self, code: str, *, verifier: str, redirect_uri: str) -> TokenAnswer:
        """Trade a code for tokens (RFC 6749 4.1.3, RFC 7636 4.5).

        Raises:
            ProviderFailed: with the provider's own error code.
        """
        metadata = await self.metadata()
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": verifier,
            "client_id": self.settings.client_id,
        }
        secret = self.settings.client_secret.reveal()
        basic = "client_secret_basic" in metadata.token_endpoint_auth_methods_supported
        if secret and not basic:
            form["client_secret"] = secret
        auth = (self.settings.client_id, secret) if secret and basic else None
        status, body = await self._call("POST", metadata.token_endpoint, data=form, auth=auth)
        if status != OK:
            raise ProviderFailed(_decoded(body, TokenRefusal).error)
        return _decoded(body, TokenAnswer)

    async def identify(self, id_token: str, nonce: str) -> IdClaims:
        """Verify an ID token.

        Raises:
            ProviderFailed: it does not hold.
        """
        keys = await self._key_set(idtoken.key_id(id_token))
        try:
            return idtoken.verify(
                id_token,
                keys,
                issuer=self.settings.issuer,
                client_id=self.settings.client_id,
                nonce=nonce,
                skew=self._skew,
            )
        except IdTokenRefused as refused:
            logger.warning("ID token of %s refused: %s", self.settings.name, refused)
            raise ProviderFailed("invalid_id_token") from None

    async def metadata(self) -> Metadata:
        """What the provider publishes about itself; its issuer must be the configured one.

        Raises:
            ProviderFailed: it does not answer, or answers for another issuer.
        """
        if self._metadata is None or time.monotonic() - self._metadata[0] > FRESH_SECONDS:
            address = self.settings.issuer.rstrip("/") + "/.well-known/openid-configuration"
            found = _decoded(await self._get(address), Metadata)
            if found.issuer != self.settings.issuer:
                raise ProviderFailed("issuer_mismatch")
            self._metadata = (time.monotonic(), found)
        return self._metadata[1]

    async def close(self) -> None:
        """Close the connections to the provider."""
        await self._client.aclose()

    async def _key_set(self, kid: str | None) -> KeySet:
        held = self._keys
        age = time.monotonic() - held[0] if held else FRESH_SECONDS
        known = held is not None and any(key.kid == kid for key in held[1].keys)
        # A key that we do not know may be new; but tokens of our attackers' making must not make us ask for ever.
        if held is None or age >= FRESH_SECONDS or (not known and age >= AGAIN_SECONDS):
            body = await self._get((await self.metadata()).jwks_uri)
            try:
                held = (time.monotonic(), KeySet.import_key_set(msgspec.json.decode(body)))
            except (JoseError, ValueError, KeyError, TypeError, msgspec.DecodeError):
                raise ProviderFailed("invalid_key_set") from None
            self._keys = held
        return held[1]

    async def _get(self, address: str) -> bytes:
        status, body = await self._call("GET", address)
        if status != OK:
            raise ProviderFailed("unavailable")
        return body

    async def _call(self, method: str, address: str, **arguments: Any) -> tuple[int, bytes]:
        try:
            async with self._client.stream(
                method, address, headers={"Accept": "application/json"}, **arguments
            ) as answer:
                return answer.status_code, await read_limited(answer)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            logger.warning("%s does not answer (%s)", self.settings.name, type(error).__name__)
            raise ProviderFailed("unavailable") from None


def _decoded[T](body: bytes, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise ProviderFailed("unreadable") from None
