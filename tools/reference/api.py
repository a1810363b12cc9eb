"""The API's pages, one a tag, from the OpenAPI document."""

import json
import re
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from bedplate.platform.http.documented import documented
from tools.markdown import code, header, table
from tools.reference.service import service

VERBS = ("get", "post", "put", "patch", "delete")
REFERENCE = "#/components/schemas/"
COMMON = {"400", "401", "403", "404", "409", "413", "415", "422", "429", "500", "502", "503"}
ABOUT = """Every operation of the API, as its OpenAPI 3.1 document tells them: `bedplate openapi` prints it, a running
service shows it at `/openapi.json`, and as a page at `/docs`. Refusals are the same everywhere: [errors](../errors.md).
How lists, versions and repeated requests work is in [using the API](../../how-to/use-the-api.md)."""

type Operation = Mapping[str, Any]


def api_pages() -> dict[str, str]:
    """Each page by its path: an index, and one a tag."""
    document = documented(service())
    schemas: Mapping[str, Any] = document["components"]["schemas"]
    by_tag: dict[str, list[tuple[str, str, Operation]]] = defaultdict(list)
    for path, item in sorted(document["paths"].items()):
        for verb in VERBS:
            if verb in item:
                by_tag[str((item[verb].get("tags") or ["service"])[0])].append((verb, path, item[verb]))
    pages = {"api/README.md": _index(by_tag)}
    for tag, operations in by_tag.items():
        sections = [_section(verb, path, operation, schemas) for verb, path, operation in operations]
        title = _title(tag)
        pages[f"api/{_file(tag)}"] = "\n".join(
            [header(f"API: {title}", f"The operations of {title}."), *sections]
        )
    return pages


def _index(by_tag: Mapping[str, list[tuple[str, str, Operation]]]) -> str:
    parts = [header("API", ABOUT)]
    for tag in sorted(by_tag):
        rows = [
            (
                f"[`{verb.upper()} {path}`]({_file(tag)}#{_anchor(operation)})",
                str(operation.get("summary", "")),
            )
            for verb, path, operation in by_tag[tag]
        ]
        parts.append(f"## {_title(tag)}\n\n{table(('operation', 'what it does'), rows)}\n")
    return "\n".join(parts)


def _section(verb: str, path: str, operation: Operation, schemas: Mapping[str, Any]) -> str:
    about = str(operation.get("description") or operation.get("summary") or "")
    lines = [f"## {_anchor(operation)}", "", f"**`{verb.upper()} {path}`**", "", about, ""]
    if operation.get("security") == []:
        lines += ["Needs no credential.", ""]
    if parameters := operation.get("parameters"):
        rows = [
            (
                code(one["name"]),
                one["in"] + (", required" if one.get("required") else ""),
                _shape(one.get("schema", {})),
                " ".join(str(one.get("description") or "").split()),
            )
            for one in parameters
        ]
        lines += [table(("parameter", "in", "type", "meaning"), rows), ""]
    for media_type, content in operation.get("requestBody", {}).get("content", {}).items():
        lines += [f"Sends `{media_type}`:", "", *_example(media_type, content, schemas)]
    for status, answer in operation["responses"].items():
        if status.startswith("2"):
            contents = [
                (m, c) for m, c in answer.get("content", {}).items() if c.get("schema") != {"type": "null"}
            ]
            if not contents:
                lines += [f"Answers {status} without a body.", ""]
            for media_type, content in contents:
                lines += [f"Answers {status}, `{media_type}`:", "", *_example(media_type, content, schemas)]
    refusals = ", ".join(
        status for status in sorted(operation["responses"]) if status in COMMON | {"412", "428"}
    )
    return "\n".join([*lines, f"Refusals: {refusals}.", ""])


def _example(media_type: str, content: Mapping[str, Any], schemas: Mapping[str, Any]) -> list[str]:
    schema: Mapping[str, Any] = content.get("schema", {})
    name = str(schema.get("$ref", "")).removeprefix(REFERENCE)
    examples: list[Any] = (
        [content["example"]] if "example" in content else schemas.get(name, {}).get("examples", [])
    )
    if not examples:
        return []
    if "json" in media_type:
        return ["```json", json.dumps(examples[0], indent=2, ensure_ascii=False), "```", ""]
    return ["```text", *str(examples[0]).rstrip().splitlines(), "```", ""]


def _shape(schema: Mapping[str, Any]) -> str:
    choices = schema.get("oneOf") or schema.get("anyOf") or [schema]
    names = [_kind(one) for one in choices if one.get("type") != "null"]
    return " or ".join(dict.fromkeys(names))


def _kind(schema: Mapping[str, Any]) -> str:
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition(".")[2].rpartition("/")[2].rstrip("_")
    if "enum" in schema:
        return ", ".join(code(str(value)) for value in schema["enum"])
    if schema.get("type") == "array":
        return f"list of {_shape(schema.get('items', {}))}"
    return str(schema.get("format") or schema.get("type") or "any")


def _anchor(operation: Operation) -> str:
    return str(operation["operationId"])


def _title(tag: str) -> str:
    return tag.replace("-", " ")


def _file(tag: str) -> str:
    return f"{re.sub(r'[^a-z0-9]+', '-', tag.lower())}.md"
