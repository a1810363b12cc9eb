import os
import re
from collections.abc import Mapping
from pathlib import Path

from bedplate.settings.vault import VaultSettings, read_vault

PREFIX = "BEDPLATE_"
ALIASES = {
    "OTEL_EXPORTER_OTLP_ENDPOINT": "BEDPLATE_TELEMETRY_OTLP_ENDPOINT",
    "OTEL_EXPORTER_OTLP_PROTOCOL": "BEDPLATE_TELEMETRY_OTLP_PROTOCOL",
}
SECRETS_DIR = "BEDPLATE_SERVICE_SECRETS_DIR"
QUOTED = re.compile(r"(?P<quote>[\"'])(?P<text>.*?)(?P=quote)(\s+#.*)?")
COMMENT = re.compile(r"\s+#.*")


def gather(
    environ: Mapping[str, str] | None = None, dotenv: Path = Path(".env")
) -> tuple[dict[str, str], list[str]]:
    """Collect raw values by full variable name, and the faults met on the way.

    In falling precedence: the environment, the `_FILE` twin of a variable, Vault, the secrets folder, `.env`,
    which may name `_FILE` twins too.
    """
    faults: list[str] = []
    given = _named(os.environ if environ is None else environ, faults)
    found = _named(_dotenv(dotenv, faults), faults)
    folder = given.get(SECRETS_DIR) or found.get(SECRETS_DIR)
    if folder:
        found.update(_folder(Path(folder), faults))
    found.update(_vault({**found, **given}, faults))
    return {**found, **given}, faults


def _named(values: Mapping[str, str], faults: list[str]) -> dict[str, str]:
    """What one source sets by our names, twins read; a value goes before its twin."""
    found: dict[str, str] = {}
    for twin, path in values.items():
        name = twin.removesuffix("_FILE")
        if name != twin and (name.startswith(PREFIX) or name in ALIASES):
            _put(found, ALIASES.get(name, name), _read(Path(path), twin, faults))
    found.update({name: values[alias] for alias, name in ALIASES.items() if alias in values})
    found.update({n: v for n, v in values.items() if n.startswith(PREFIX) and not n.endswith("_FILE")})
    return found


def _dotenv(path: Path, faults: list[str]) -> dict[str, str]:
    try:
        text = path.read_text("utf-8-sig")
    except (FileNotFoundError, IsADirectoryError):
        # A folder of that name is an environment of Python's.
        return {}
    except (OSError, UnicodeDecodeError) as error:
        faults.append(f"{path} cannot be read ({_why(error)})")
        return {}
    values: dict[str, str] = {}
    for number, line in enumerate(text.split("\n"), start=1):
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        name, separator, value = stripped.removeprefix("export ").partition("=")
        if not separator:
            faults.append(f"{path}, line {number}: expected NAME=value")
            continue
        values[name.strip()] = _unquote(value.strip())
    return values


def _unquote(value: str) -> str:
    quoted = QUOTED.fullmatch(value)
    return quoted["text"] if quoted else COMMENT.sub("", value)


def _folder(path: Path, faults: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    try:
        files = [file for file in path.iterdir() if not file.name.startswith(".") and file.is_file()]
    except OSError as error:
        faults.append(f"{SECRETS_DIR}: {path} cannot be read ({_why(error)})")
        return found
    for file in files:
        name = _full(file.name.upper())
        _put(found, name, _read(file, name, faults))
    return found


def _vault(known: Mapping[str, str], faults: list[str]) -> dict[str, str]:
    url = known.get(f"{PREFIX}VAULT_URL")
    if not url:
        return {}
    try:
        secret = read_vault(
            url,
            known.get(f"{PREFIX}VAULT_TOKEN", ""),
            known.get(f"{PREFIX}VAULT_PATH") or VaultSettings().path,
        )
    except ValueError as error:
        faults.append(f"{PREFIX}VAULT_URL: {error}")
        return {}
    return {_full(name.upper()): value for name, value in secret.items()}


def _full(name: str) -> str:
    return name if name.startswith(PREFIX) else PREFIX + name


def _put(found: dict[str, str], name: str, value: str | None) -> None:
    # What could not be read is one fault, and not a second one as an empty value.
    if value is not None:
        found[name] = value


def _read(path: Path, name: str, faults: list[str]) -> str | None:
    try:
        return path.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        faults.append(f"{name}: {path} cannot be read ({_why(error)})")
        return None


def _why(error: OSError | UnicodeDecodeError) -> str:
    if isinstance(error, OSError):
        return error.strerror or type(error).__name__
    return f"byte {error.start} is not UTF-8"
