from collections.abc import Callable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

import msgspec

from bedplate.settings import Secret, Settings
from bedplate.settings.addresses import address_faults
from bedplate.settings.oidc import read_providers
from bedplate.settings.overrides import read_overrides
from bedplate.settings.production import production_faults
from bedplate.settings.sources import PREFIX, gather

BOOLEANS = {
    "1": True,
    "true": True,
    "yes": True,
    "on": True,
    "0": False,
    "false": False,
    "no": False,
    "off": False,
}
WANTED = {int: "a whole number", float: "a number", bool: "true or false"}


class SettingsError(Exception):
    """The settings are wrong; the message lists every fault, one a line."""

    def __init__(self, faults: list[str]) -> None:
        self.faults = faults
        listed = "".join(f"\n  {fault}" for fault in faults)
        super().__init__(f"{len(faults)} setting(s) to mend:{listed}")


def load_settings(environ: Mapping[str, str] | None = None, dotenv: Path = Path(".env")) -> Settings:
    """Read the tree from environment, `_FILE` twins, the secrets folder and `.env`, and check it.

    Raises:
        SettingsError: with every fault that was found, unknown names included.
    """
    raw, faults = gather(environ, dotenv)
    tree: dict[str, Any] = {}
    for section in msgspec.structs.fields(Settings):
        kind: type[msgspec.Struct] = section.type
        values: dict[str, Any] = {}
        for field in msgspec.structs.fields(kind):
            name = f"{PREFIX}{section.name}_{field.encode_name}".upper()
            if name in raw:
                _convert(name, raw.pop(name), _annotation(kind, field.name), field.name, values, faults)
        tree[section.name] = kind(**values)
    faults += _misspelled(raw)
    settings = Settings(**tree)
    faults += address_faults(settings)
    faults += production_faults(settings)
    faults += _unread(lambda: read_providers(settings.oidc))
    faults += _unread(lambda: read_overrides(settings.limits.overrides))
    if settings.database.pooled and not settings.database.listen_url:
        faults.append("BEDPLATE_DATABASE_LISTEN_URL: required with BEDPLATE_DATABASE_POOLED, past the pooler")
    if faults:
        raise SettingsError(faults)
    return settings


def setting_names() -> list[str]:
    """Every variable's full name, in the order of the tree."""
    return [
        f"{PREFIX}{section.name}_{field.name}".upper()
        for section in msgspec.structs.fields(Settings)
        for field in msgspec.structs.fields(section.type)
    ]


def _unread(read: Callable[[], object]) -> list[str]:
    """What is wrong with a setting that has a form of its own."""
    try:
        read()
    except ValueError as error:
        return [str(error)]
    return []


def _misspelled(left: Mapping[str, str]) -> list[str]:
    # Kubernetes adds BEDPLATE_PORT and the like for a Service of our name: only near misses are faults.
    known = setting_names()
    near = {name: get_close_matches(name, known, n=1, cutoff=0.85) for name in sorted(left)}
    return [f"{name}: no such setting; is it {close[0]}?" for name, close in near.items() if close]


def _secret(kind: type, value: str) -> Secret:
    if kind is Secret:
        return Secret(value)
    raise TypeError(kind)


def _annotation(kind: type[msgspec.Struct], field: str) -> Any:
    return get_type_hints(kind, include_extras=True)[field]


def _convert(name: str, text: str, kind: Any, field: str, into: dict[str, Any], faults: list[str]) -> None:
    plain = kind.__origin__ if hasattr(kind, "__metadata__") else kind
    value: Any = text
    if get_origin(plain) is tuple:
        value = [part.strip() for part in text.split(",") if part.strip()]
    if plain is bool:
        value = BOOLEANS.get(text.lower(), text)
    try:
        into[field] = msgspec.convert(value, kind, strict=False, dec_hook=_secret)
    except msgspec.ValidationError as error:
        faults.append(f"{name}: {_said(error, value, plain)}")


def _said(error: msgspec.ValidationError, value: Any, plain: Any) -> str:
    # A secret takes any text, so that none is ever shown here.
    if get_origin(plain) is Literal:
        return f"{value!r} is none of {', '.join(get_args(plain))}"
    try:
        msgspec.convert(value, plain, strict=False)
    except msgspec.ValidationError:
        return f"{value!r} is not {WANTED[plain]}"
    return f"{error}, got {value!r}"
