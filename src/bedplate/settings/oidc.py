import os
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

from bedplate.settings.secret import Secret

GOOGLE = "https://accounts.google.com"


class ProviderSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An OpenID provider. `client_secret` is a reference, `env:NAME` or `file:PATH`, never the secret itself."""

    name: Annotated[str, Meta(pattern=r"^[a-z0-9-]{1,32}$")]
    issuer: str
    client_id: Annotated[str, Meta(min_length=1)]
    client_secret: str = ""
    title: str = ""
    scopes: tuple[str, ...] = ("openid", "email", "profile")


class Provider(msgspec.Struct, frozen=True, kw_only=True):
    """A provider ready for use, its secret read."""

    name: str
    title: str
    issuer: str
    client_id: str
    client_secret: Secret
    scopes: tuple[str, ...]


class OidcSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Sign-in with OpenID providers."""

    providers: Annotated[
        str,
        Meta(
            description='A JSON list: `[{"name", "issuer", "client_id", "client_secret": "env:NAME" or "file:PATH"}]`.'
        ),
    ] = ""
    google_client_id: Annotated[str, Meta(description="Client id at Google; empty: no Google sign-in.")] = ""
    google_client_secret: Annotated[Secret, Meta(description="Client secret at Google.")] = Secret("")
    redirect_uris: Annotated[
        tuple[str, ...],
        Meta(description="Addresses that a sign-in may return to, compared exactly, comma-separated."),
    ] = ()
    allow_private_networks: Annotated[
        bool,
        Meta(description="Let providers be at private and loopback addresses, and without TLS: development."),
    ] = False
    timeout: Annotated[float, Meta(gt=0, le=30, description="Seconds a provider may take.")] = 5.0


def read_providers(settings: OidcSettings) -> list[Provider]:
    """The configured providers.

    Raises:
        ValueError: the list does not hold; the message names the setting.
    """
    try:
        listed = msgspec.json.decode(settings.providers or "[]", type=list[ProviderSettings])
    except msgspec.DecodeError as error:
        raise ValueError(f"BEDPLATE_OIDC_PROVIDERS: {error}") from None
    found = [_provider(one) for one in listed]
    if settings.google_client_id:
        found.append(
            Provider(
                name="google",
                title="Google",
                issuer=GOOGLE,
                client_id=settings.google_client_id,
                client_secret=settings.google_client_secret,
                scopes=("openid", "email", "profile"),
            )
        )
    names = [one.name for one in found]
    if len(set(names)) != len(names):
        raise ValueError("BEDPLATE_OIDC_PROVIDERS: two providers have the same name")
    insecure = [one.name for one in found if urlsplit(one.issuer).scheme != "https"]
    if insecure and not settings.allow_private_networks:
        raise ValueError(f"BEDPLATE_OIDC_PROVIDERS: the issuer of {insecure[0]} must begin with https://")
    return found


def _provider(one: ProviderSettings) -> Provider:
    return Provider(
        name=one.name,
        title=one.title or one.name.replace("-", " ").title(),
        issuer=one.issuer,
        client_id=one.client_id,
        client_secret=Secret(_referred(one.name, one.client_secret)),
        scopes=one.scopes,
    )


def _referred(provider: str, reference: str) -> str:
    kind, _, name = reference.partition(":")
    try:
        if kind == "env":
            return os.environ[name]
        if kind == "file":
            return Path(name).read_text("utf-8").strip()
    except (KeyError, OSError, UnicodeDecodeError):
        raise ValueError(f"BEDPLATE_OIDC_PROVIDERS: {reference} of {provider} cannot be read") from None
    if reference:
        raise ValueError(f"BEDPLATE_OIDC_PROVIDERS: client_secret of {provider} is `env:NAME` or `file:PATH`")
    return ""
