"""The document's examples: there is one wherever JSON is sent or answered, and each is what its schema allows."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from litestar import Litestar

from bedplate.app import DOMAINS
from bedplate.platform.http.documented import documented
from bedplate.platform.http.examples import add_examples

STRICT = Draft202012Validator.FORMAT_CHECKER


@pytest.fixture(scope="module")
def document(app: Litestar) -> dict[str, Any]:
    return documented(app)


def operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield f"{method.upper()} {path}", operation


def contents(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, operation in operations(document):
        answers = [answer for status, answer in operation["responses"].items() if status.startswith("2")]
        for part in (operation.get("requestBody", {}), *answers):
            for media_type, content in part.get("content", {}).items():
                if "json" in media_type and content.get("schema"):
                    yield f"{name} {media_type}", content


def examples_of(document: dict[str, Any], content: dict[str, Any]) -> list[object]:
    if "example" in content:
        return [content["example"]]
    name = content["schema"].get("$ref", "").rpartition("/")[2]
    return document["components"]["schemas"].get(name, {}).get("examples", [])


def test_each_body_and_answer_has_an_example_that_its_schema_allows(document: dict[str, Any]) -> None:
    components = {"components": document["components"]}
    seen = 0
    for name, content in contents(document):
        examples = examples_of(document, content)
        assert examples, name
        validator = Draft202012Validator({**components, **content["schema"]}, format_checker=STRICT)
        for example in examples:
            faults = [f"{fault.json_path}: {fault.message}" for fault in validator.iter_errors(example)]
            assert faults == [], name
            seen += 1
    assert seen > 150


def test_every_schema_is_a_schema(document: dict[str, Any]) -> None:
    for schema in document["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)


def test_samples_name_fields_that_exist_and_no_two_domains_name_one(document: dict[str, Any]) -> None:
    fields = {
        field: None
        for name, schema in document["components"]["schemas"].items()
        for part in schema.get("properties", {})
        for field in (part, f"{schema.get('title', name)}.{part}")
    }
    named = Counter(sample for domain in DOMAINS for sample in domain.examples)
    assert [sample for sample in named if sample not in fields] == []
    assert [sample for sample, times in named.items() if times > 1] == []


def test_no_text_is_left_without_a_sample(document: dict[str, Any]) -> None:
    words = {str(value) for domain in DOMAINS for value in domain.examples.values()} | {""}
    assert "text" not in words
    assert [name for name, content in contents(document) if says_text(examples_of(document, content))] == []


def says_text(value: object) -> bool:
    match value:
        case dict():
            return any(says_text(one) for one in value.values())
        case list():
            return any(says_text(one) for one in value)
        case _:
            return value == "text"


def test_who_sends_shows_what_is_needed_and_who_answers_shows_all() -> None:
    thing = {
        "title": "Thing",
        "type": "object",
        "required": ["name"],
        "properties": {"name": {"type": "string"}, "size": {"type": "integer", "minimum": 3}},
    }
    reference = {"application/json": {"schema": {"$ref": "#/components/schemas/Sent"}}}
    answered = {"application/json": {"schema": {"$ref": "#/components/schemas/Answered"}}}
    document: dict[str, Any] = {
        "components": {"schemas": {"Sent": thing, "Answered": {**thing}}},
        "paths": {
            "/things": {
                "post": {"requestBody": {"content": reference}, "responses": {"201": {"content": answered}}}
            }
        },
    }
    add_examples(document, {"name": "Bolt"})
    assert document["components"]["schemas"]["Sent"]["examples"] == [{"name": "Bolt"}]
    assert document["components"]["schemas"]["Answered"]["examples"] == [{"name": "Bolt", "size": 3}]
