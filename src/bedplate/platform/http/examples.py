"""Examples in the OpenAPI document: what domains declare as samples, put together along each schema."""

from collections.abc import Iterator, Mapping
from typing import Any, cast

type Schema = Mapping[str, Any]

REFERENCE = "#/components/schemas/"
DEEPEST = 8
FORMATS: Mapping[str, str] = {
    "uuid": "0198f2c4-7d10-7c3a-9a51-6f0e2b7d4c18",
    "date-time": "2031-05-01T09:30:00Z",
    "date": "2031-05-01",
    "uri": "https://client.example/callback",
    "uri-reference": "/v1/plans",
}
TYPES: Mapping[type, str] = {
    str: "string",
    int: "integer",
    float: "number",
    bool: "boolean",
    list: "array",
    dict: "object",
}


def add_examples(document: dict[str, Any], samples: Mapping[str, object]) -> None:
    """Give every JSON body and answer an example.

    `samples` maps a field's name, or `Struct.field` where that field needs one of its own, to a value. A body
    shows the fields that it needs and those with a sample under its own name; an answer shows all. What has a
    schema by name gets its example there, once; the others get it at the place.
    """
    schemas: dict[str, dict[str, Any]] = document["components"]["schemas"]
    writer = Examples(schemas, samples)
    for contents, is_body in _contents(document):
        for media_type, content in contents.items():
            schema: Schema = content.get("schema", {})
            if "json" not in media_type or not schema or "example" in content:
                continue
            name = _name(schema)
            if not name:
                content["example"] = writer.example(schema, whole=not is_body)
            elif "examples" not in schemas[name]:
                schemas[name]["examples"] = [writer.example(schema, whole=not is_body)]


class Examples:
    """Writes an example along a schema."""

    def __init__(self, schemas: Mapping[str, Schema], samples: Mapping[str, object]) -> None:
        self._schemas = schemas
        self._samples = samples

    def example(self, schema: Schema, *, whole: bool, depth: int = 0) -> object:
        """One value that the schema allows; with `whole`, every field of an object."""
        if name := _name(schema):
            return self._object(name, self._schemas[name], whole=whole, depth=depth + 1)
        if alternatives := schema.get("oneOf") or schema.get("anyOf"):
            return self._alternative(alternatives, whole=whole, depth=depth)
        match schema:
            case {"const": value} | {"examples": [value, *_]} | {"enum": [value, *_]}:
                example = value
            case {"type": "array"}:
                there = depth < DEEPEST and "items" in schema
                example = [self.example(schema["items"], whole=whole, depth=depth + 1)] if there else []
            case {"type": "object", "additionalProperties": {} as values} if values:
                example = {"key": self.example(values, whole=whole, depth=depth + 1)}
            case _:
                example = _plain(schema)
        return example

    def _object(self, name: str, schema: Schema, *, whole: bool, depth: int) -> object:
        if "examples" in schema:
            return schema["examples"][0]
        if "properties" not in schema:
            return self.example(schema, whole=whole, depth=depth)
        fields: Mapping[str, Schema] = schema["properties"]
        shown = list(fields) if whole else self._sent(name, schema)
        title = str(schema.get("title", name))
        return {field: self._field(title, field, fields[field], whole=whole, depth=depth) for field in shown}

    def _sent(self, name: str, schema: Schema) -> list[str]:
        # Who changes something sends little: what is asked for, else the first field alone.
        fields: Mapping[str, Schema] = schema["properties"]
        required: list[str] = schema.get("required", [])
        title = str(schema.get("title", name))
        sent = [field for field in fields if field in required or f"{title}.{field}" in self._samples]
        return sent or list(fields)[:1]

    def _field(self, title: str, field: str, schema: Schema, *, whole: bool, depth: int) -> object:
        own = f"{title}.{field}"
        if own in self._samples:
            return self._samples[own]
        if "examples" in schema:
            return schema["examples"][0]
        if field in self._samples and _fits(schema, self._samples[field]):
            return self._samples[field]
        return self.example(schema, whole=whole, depth=depth)

    def _alternative(self, alternatives: list[Schema], *, whole: bool, depth: int) -> object:
        kinds = [one.get("type") for one in alternatives]
        # Nothing is known of what may be absent and has no sample: it is absent.
        if "null" in kinds:
            return None
        return self.example(alternatives[0], whole=whole, depth=depth)


def _fits(schema: Schema, value: object) -> bool:
    # Fields of one name differ in type, and what is narrowed further says enough by itself.
    choices = [schema, *schema.get("oneOf", []), *schema.get("anyOf", [])]
    if any(key in one for one in choices for key in ("const", "enum", "format", "$ref")):
        return False
    types = {one.get("type") for one in choices}
    return TYPES.get(type(value)) in types or types == {None}


def _plain(schema: Schema) -> object:
    match schema.get("type"):
        case "string":
            return FORMATS.get(schema.get("format", ""), "text")
        case "integer" | "number":
            return max(1, schema.get("minimum", 0))
        case "boolean":
            return False
        case "null":
            return None
        case _:
            return {}


def _name(schema: Schema) -> str:
    return str(schema.get("$ref", "")).removeprefix(REFERENCE)


def _contents(document: Mapping[str, Any]) -> Iterator[tuple[dict[str, dict[str, Any]], bool]]:
    operations = [
        cast("Schema", operation)
        for item in document["paths"].values()
        for operation in item.values()
        if isinstance(operation, dict) and "responses" in operation
    ]
    # Bodies come first: a shape that is both sent and answered shows what one sends.
    for operation in operations:
        yield operation.get("requestBody", {}).get("content", {}), True
    for operation in operations:
        for status, answer in operation["responses"].items():
            if str(status).startswith("2"):
                yield answer.get("content", {}), False
