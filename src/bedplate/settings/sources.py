import os
from collections.abc import Mapping
from pathlib import Path

from bedplate.settings.vault import VaultSettings, read_vault

PREFIX = "BEDPLATE_"
ALIASES = {
    "OTEL_EXPORTER_OTLP_ENDPOINT": "BEDPLATE_TELEMETRY_OTLP_ENDPOINT",
    "OTEL_EXPORTER_OTLP_PROTOCOL": "BEDPLATE_TELEMETRY_OTLP_PROTOCOL",
}


def gather(
    environ: Mapping[str, str] | None = None, dotenv: Path = Path(".env")
) -> tuple[dict[str, str], list[str]]:
    """Collect raw values by full variable name, and the faults met on the way.

    In falling precedence: the environment, the `_FILE` twin of a variable, Vault, the secrets folder, `.env`.
    """
    faults: list[str] = []
    env = dict(os.environ if environ is None else environ)
    found = {name: value for name, value in _dotenv(dotenv, faults).items() if name.startswith(PREFIX)}
    folder = env.get("BEDPLATE_SERVICE_SECRETS_DIR") or found.get("BEDPLATE_SERVICE_SECRETS_DIR")
    if folder:
        found.update(_folder(Path(folder), faults))
    found.update(_vault({**found, **env}, faults))
    known = {**{alias: env[alias] for alias in ALIASES if alias in env}, **env}
    for name in list(known):
        if name.startswith(PREFIX) and name.endswith("_FILE"):
            found[name.removesuffix("_FILE")] = _read(Path(known[name]), name, faults)
    for alias, name in ALIASES.items():
        if f"{alias}_FILE" in env:
            found[name] = _read(Path(env[f"{alias}_FILE"]), f"{alias}_FILE", faults)
        if alias in env:
            found[name] = env[alias]
    found.update({n: v for n, v in env.items() if n.startswith(PREFIX) and not n.endswith("_FILE")})
    return found, faults


def _dotenv(path: Path, faults: list[str]) -> dict[str, str]:
    if not path.is_file():
        return {}
    values: dict[str, str] = {}
    for number, line in enumerate(path.read_text("utf-8").split("\n"), start=1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        name, separator, value = text.removeprefix("export ").partition("=")
        if not separator:
            faults.append(f"{path}, line {number}: expected NAME=value")
            continue
        values[name.strip()] = _unquote(value.strip())
    return values


def _unquote(value: str) -> str:
    quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "\"'"
    return value[1:-1] if quoted else value


def _folder(path: Path, faults: list[str]) -> dict[str, str]:
    if not path.is_dir():
        faults.append(f"BEDPLATE_SERVICE_SECRETS_DIR: {path} is not a folder")
        return {}
    names = {p.name.upper(): p for p in path.iterdir() if p.is_file() and not p.name.startswith(".")}
    return {_full(name): _read(file, name, faults) for name, file in names.items()}


def _vault(known: Mapping[str, str], faults: list[str]) -> dict[str, str]:
    url = known.get(f"{PREFIX}VAULT_URL")
    if not url:
        return {}
    token = known.get(f"{PREFIX}VAULT_TOKEN", "")
    if f"{PREFIX}VAULT_TOKEN_FILE" in known:
        token = _read(Path(known[f"{PREFIX}VAULT_TOKEN_FILE"]), f"{PREFIX}VAULT_TOKEN_FILE", faults)
    try:
        secret = read_vault(url, token, known.get(f"{PREFIX}VAULT_PATH") or VaultSettings().path)
    except ValueError as error:
        faults.append(f"{PREFIX}VAULT_URL: {error}")
        return {}
    return {_full(name.upper()): value for name, value in secret.items()}


def _full(name: str) -> str:
    return name if name.startswith(PREFIX) else PREFIX + name


def _read(path: Path, name: str, faults: list[str]) -> str:
    try:
        return path.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        faults.append(f"{name}: {path} cannot be read ({type(error).__name__})")
        return ""
