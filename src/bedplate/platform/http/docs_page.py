import json
from base64 import b64encode
from collections import defaultdict
from hashlib import sha256
from html import escape
from typing import Any, cast

from litestar import Request
from litestar.openapi.plugins import OpenAPIRenderPlugin

from bedplate.platform.http.documented import documented

STYLE = """
:root { color-scheme: light dark; --line: #8884; --soft: #8881; }
body { font: 16px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 62rem; padding: 2rem 1rem 6rem; }
h1 { margin-bottom: 0; } h2 { margin-top: 3rem; text-transform: capitalize; }
code, pre { font: 14px/1.45 ui-monospace, monospace; } pre { overflow: auto; padding: 1rem; background: var(--soft); }
details { border: 1px solid var(--line); border-radius: 6px; margin: .5rem 0; }
summary { cursor: pointer; display: flex; gap: .8rem; padding: .5rem .8rem; align-items: baseline; }
details > div { padding: 0 1rem 1rem; } .what { opacity: .75; margin-left: auto; text-align: right; }
.verb { font-weight: 700; min-width: 4.2rem; } .get { color: #2b7; } .post { color: #47d; }
.patch, .put { color: #c80; } .delete { color: #d44; }
table { border-collapse: collapse; width: 100%; } td, th { text-align: left; padding: .3rem .6rem .3rem 0; vertical-align: top; }
tr + tr td { border-top: 1px solid var(--line); } nav { display: flex; flex-wrap: wrap; gap: .2rem .9rem; text-transform: capitalize; }
summary code { white-space: nowrap; }
"""
# The page's one style, named by its hash, and nothing else.
POLICY = (
    f"default-src 'none'; style-src 'sha256-{b64encode(sha256(STYLE.encode()).digest()).decode()}'; "
    "frame-ancestors 'none'; base-uri 'none'"
)
VERBS = ("get", "post", "put", "patch", "delete")


class DocsPage(OpenAPIRenderPlugin):
    """The API's reference as one HTML page: no script, nothing loaded from anywhere."""

    def __init__(self) -> None:
        super().__init__(path="/")

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        """Write the page of a document."""
        openapi_schema = documented(request.app)
        info = openapi_schema["info"]
        groups: dict[str, list[str]] = defaultdict(list)
        for path, item in openapi_schema.get("paths", {}).items():
            for verb in VERBS:
                if verb in item:
                    operation = item[verb]
                    groups[(operation.get("tags") or ["other"])[0]].append(_operation(verb, path, operation))
        links = "".join(f'<a href="#{escape(tag)}">{escape(tag)}</a>' for tag in sorted(groups))
        sections = "".join(
            f'<section id="{escape(tag)}"><h2>{escape(tag)}</h2>{"".join(groups[tag])}</section>'
            for tag in sorted(groups)
        )
        schemas = openapi_schema.get("components", {}).get("schemas", {})
        shapes = "".join(_schema(name, schema) for name, schema in sorted(schemas.items()))
        title = escape(f"{info['title']} {info['version']}")
        about = escape(info.get("description") or "")
        page = (
            f'<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
            f"<title>{title}</title><style>{STYLE}</style><h1>{title}</h1><p>{about}</p>"
            f'<p><a href="/openapi.json">OpenAPI 3.1 document</a></p><nav>{links}<a href="#shapes">shapes</a></nav>'
            f'{sections}<section id="shapes"><h2>Shapes</h2>{shapes}</section></html>'
        )
        return page.encode()


def _operation(verb: str, path: str, operation: dict[str, Any]) -> str:
    about = escape(operation.get("description") or operation.get("summary") or "")
    body = _body(operation.get("requestBody"))
    return (
        f'<details id="{escape(operation.get("operationId", ""))}"><summary><span class="verb {verb}">{verb.upper()}</span>'
        f'<code>{escape(path)}</code><span class="what">{escape(operation.get("summary") or "")}</span></summary>'
        f"<div><p>{about}</p>{_parameters(operation.get('parameters') or [])}{body}{_answers(operation['responses'])}</div>"
        "</details>"
    )


def _parameters(parameters: list[dict[str, Any]]) -> str:
    if not parameters:
        return ""
    rows = "".join(
        f"<tr><td><code>{escape(p['name'])}</code></td><td>{escape(p['in'])}{', required' if p.get('required') else ''}</td>"
        f"<td>{_shape(p.get('schema'))}</td><td>{escape(p.get('description') or '')}</td></tr>"
        for p in parameters
    )
    return f"<h4>Parameters</h4><table>{rows}</table>"


def _body(body: dict[str, Any] | None) -> str:
    if not body:
        return ""
    kinds = ", ".join(
        f"{escape(kind)}: {_shape(media.get('schema'))}" for kind, media in body["content"].items()
    )
    return f"<h4>Body</h4><p>{kinds}</p>"


def _answers(answers: dict[str, Any]) -> str:
    rows = "".join(
        f"<tr><td><code>{escape(status)}</code></td><td>{escape(answer.get('description') or '')}</td><td>"
        + ", ".join(_shape(media.get("schema")) for media in _contents(answer))
        + "</td></tr>"
        for status, answer in answers.items()
    )
    return f"<h4>Answers</h4><table>{rows}</table>"


def _contents(answer: dict[str, Any]) -> list[dict[str, Any]]:
    content: dict[str, dict[str, Any]] = answer.get("content") or {}
    return list(content.values())


def _shape(schema: object) -> str:
    if not isinstance(schema, dict):
        return ""
    found = cast("dict[str, Any]", schema)
    if "$ref" in found:
        name = escape(str(found["$ref"]).rpartition("/")[2])
        return f'<a href="#shape-{name}">{name}</a>'
    if found.get("type") == "array":
        return f"list of {_shape(found.get('items'))}"
    return escape(str(found.get("format") or found.get("type") or "any"))


def _schema(name: str, schema: dict[str, Any]) -> str:
    text = escape(json.dumps(schema, indent=2))
    return f'<details id="shape-{escape(name)}"><summary><code>{escape(name)}</code></summary><div><pre>{text}</pre></div></details>'
