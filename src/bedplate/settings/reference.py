from typing import Any, get_type_hints

import msgspec

from bedplate.settings import Secret, Settings

HEADER = """# Settings

Generated from the code by `bedplate settings --markdown`. Every variable has a `_FILE` twin that names a file
to read the value from. Precedence: environment, `_FILE`, Vault, secrets folder, `.env`, default.
"""


def settings_reference() -> str:
    """Return the reference page of all settings, as Markdown."""
    lines = [HEADER]
    for section in msgspec.structs.fields(Settings):
        kind: type[msgspec.Struct] = section.type
        doc = (kind.__doc__ or "").strip()
        lines += [
            f"\n## {section.name}\n\n{doc}\n",
            "| variable | type | default | meaning |",
            "|---|---|---|---|",
        ]
        hints = get_type_hints(kind, include_extras=True)
        for field in msgspec.structs.fields(kind):
            name = f"BEDPLATE_{section.name}_{field.name}".upper()
            lines.append(
                f"| `{name}` | {_type(hints[field.name])} | {_default(field.default)} | {_meta(hints[field.name])} |"
            )
    return "\n".join(lines) + "\n"


def _type(hint: Any) -> str:
    plain = getattr(hint, "__origin__", hint)
    if plain is Secret:
        return "secret"
    arguments = getattr(plain, "__args__", ())
    if arguments and all(isinstance(a, str) for a in arguments):
        return " \\| ".join(f"`{a}`" for a in arguments)
    return "list" if arguments else str(plain.__name__)


def _default(value: Any) -> str:
    if value in {"", ()} or (isinstance(value, Secret) and not value):
        return ""
    return f"`{value}`"


def _meta(hint: Any) -> str:
    return next((m.description for m in getattr(hint, "__metadata__", ()) if m.description), "")
