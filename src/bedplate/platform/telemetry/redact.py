import re
from collections.abc import Mapping
from typing import Any

from bedplate.settings.secret import Secret

HIDDEN = "[redacted]"
_DEPTH = 6
_NAMED = re.compile(
    r"passw|secret|token|authori[sz]ation|cookie|api_?key|private_?key|credential|e_?mail|otp|recovery_?code",
    re.IGNORECASE,
)
_ALLOWED = frozenset({"email_verified", "token_type", "email_id", "key_id"})
_RULES: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"\[parameters: .*?\](?=\n|$)", re.DOTALL), "[parameters: …]"),
    (re.compile(r"(Failing row contains|Key \([^)]*\)=) ?\(.*?\)(?=\.|\s|$)"), r"\1(…)"),
    (re.compile(r"://[^/\s:@]*:[^/\s@]+@"), f"://{HIDDEN}@"),
    (re.compile(r"\b(bearer|basic)\s+[\w.~+/=-]{4,}", re.IGNORECASE), rf"\1 {HIDDEN}"),
    (re.compile(r"\beyJ[\w-]{5,}\.[\w-]+(?:\.[\w-]*)?"), HIDDEN),
    (re.compile(r"\bbp_[\w-]{6,}"), HIDDEN),
    (re.compile(r"[\w.%+-]+@[\w-]+(?:\.[\w-]+)+"), "[email]"),
    (
        re.compile(
            r"(?i)((?:passw\w*|secret|\w*token|cookie|api[_-]?key|code)['\"]?\s*[=:]\s*)(?!\s)(['\"]?)[^\s'\"&,;)}]+"
        ),
        rf"\1\2{HIDDEN}",
    ),
    # What is long and mixes cases and digits was drawn at random: refresh tokens, keys, one-time codes.
    (re.compile(r"(?=[\w-]*\d)(?=[\w-]*[a-z])(?=[\w-]*[A-Z])(?<![\w-])[\w-]{32,}"), HIDDEN),
)


def redact_text(text: str) -> str:
    """Hide what looks like a credential or an address in free text, such as an exception's message."""
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    return text


def redact(value: Any, depth: int = _DEPTH) -> Any:
    """Hide secrets by their type, by the name they stand under and by their look, however deep."""
    if isinstance(value, str):
        return redact_text(value)
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, Secret | bytes | bytearray) or depth == 0:
        return HIDDEN
    if isinstance(value, Mapping):
        return {str(k): _named(str(k), v, depth) for k, v in value.items()}  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    if isinstance(value, list | tuple | set | frozenset):
        return [redact(item, depth - 1) for item in value]  # pyright: ignore[reportUnknownVariableType]
    return redact_text(str(value))


def _named(name: str, value: Any, depth: int) -> Any:
    if _NAMED.search(name) and name not in _ALLOWED and not isinstance(value, bool | int | None):
        return HIDDEN
    return redact(value, depth - 1)
