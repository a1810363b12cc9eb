import re
from functools import lru_cache
from typing import Annotated, Any, cast, get_args, get_origin
from urllib.parse import parse_qsl

import msgspec
from litestar import Request
from litestar.handlers import HTTPRouteHandler
from litestar.types import Empty

from bedplate.platform.auth.caller import Caller
from bedplate.platform.db import ReadPool
from bedplate.platform.errors import BadRequest, FieldError, Invalid, UnsupportedMediaType
from bedplate.platform.http.depth import too_deep
from bedplate.platform.http.freshness import reads_of
from bedplate.platform.http.intake import in_time, refuse_encoded
from bedplate.settings.http import HttpSettings

MESSAGE = re.compile(r"^(?P<text>.*?)(?: - at `\$(?P<path>.*)`)?$", re.DOTALL)
RULES = (
    ("unknown field", "unknown_field"),
    ("missing required", "required"),
    ("of length", "length"),
    ("matching regex", "pattern"),
    (">=", "minimum"),
    ("> ", "minimum"),
    ("<=", "maximum"),
    ("< ", "maximum"),
    ("Invalid enum", "enum"),
    ("Invalid UUID", "uuid"),
    ("Invalid RFC3339", "date-time"),
)
FORM = "application/x-www-form-urlencoded"
MOST_ITEMS = 200
ITEM = re.compile(r"/(?P<name>[^/]+)/\d+(?:/|$)")
FIELD = re.compile(r"field `([^`]+)`")


class TypedRequest(Request[Any, Any, Any]):
    """A request whose JSON body is decoded once, straight into the handler's type, strictly.

    `caller` and `reads` spare hot handlers the injection of dependencies, which costs a task group.
    """

    @property
    def caller(self) -> Caller:
        """Who is signed in; only where the route's access asks for somebody."""
        return self.scope["user"]

    @property
    def reads(self) -> ReadPool:
        """The pool of compiled reads."""
        return reads_of(self.scope, self.app.state.database)

    async def body(self) -> bytes:
        """Read the body.

        Raises:
            UnsupportedMediaType: it is encoded.
            SlowBody: it does not arrive in time.
            BadRequest: the client left before its end.
        """
        if self._connection_state.body is Empty:
            settings: HttpSettings = self.app.state.settings.http
            body = await in_time(super().body(), settings.body_timeout)
            refuse_encoded(self.scope)
            return body
        return await super().body()

    async def json(self) -> Any:
        """Decode the body.

        Raises:
            UnsupportedMediaType: the body is not JSON.
            BadRequest: it is malformed or nested too deeply.
            Invalid: it breaks a rule of its type; the error points at the field.
        """
        handler: HTTPRouteHandler = self.route_handler
        media_type, _ = self.content_type
        body = await self.body()
        if media_type == FORM and handler.opt.get("form"):
            return decode_form(
                body, handler.parsed_data_field.annotation if handler.parsed_data_field else object
            )
        if media_type != "application/json" and not media_type.endswith("+json") and (body or media_type):
            raise UnsupportedMediaType("Send application/json", headers={"Accept": "application/json"})
        settings: HttpSettings = self.app.state.settings.http
        if too_deep(body, settings.max_json_depth):
            raise BadRequest(
                "The body is nested too deeply", errors=[FieldError("", "depth", "Nested too deeply")]
            )
        field = handler.parsed_data_field
        return decode_json(body or b"{}", field.annotation if field else object)


def decode_form(body: bytes, kind: Any) -> Any:
    """Decode a form of single values into a type; a name that is given twice is refused (RFC 6749, 3.2)."""
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=64)
    except ValueError:
        raise BadRequest("The body is not a well-formed form") from None
    values = dict(pairs)
    if len(values) != len(pairs):
        raise Invalid("The body breaks a rule", errors=[FieldError("", "repeated", "A name is given twice")])
    try:
        return msgspec.convert(values, kind, strict=False)
    except msgspec.ValidationError as error:
        raise Invalid("The body breaks a rule", errors=[field_error(str(error))]) from None


def decode_json(body: bytes, kind: Any) -> Any:
    """Decode JSON into a type; the errors are those of `TypedRequest.json`."""
    try:
        return _decoder(kind).decode(body)
    except msgspec.ValidationError as error:
        raise Invalid("The body breaks a rule", errors=_faults(body, kind, field_error(str(error)))) from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise BadRequest(
            "The body is not well-formed JSON", errors=[FieldError("", "json", "Malformed JSON")]
        ) from None
    except RecursionError:
        raise BadRequest(
            "The body is nested too deeply", errors=[FieldError("", "depth", "Nested too deeply")]
        ) from None


def _faults(body: bytes, kind: Any, first: FieldError) -> list[FieldError]:
    """The first fault of each item of a list that a body holds; the decoder itself stops at the first of all."""
    place = ITEM.match(first.pointer)
    item_kind = _item_kind(kind, place["name"]) if place else None
    if place is None or item_kind is None:
        return [first]
    found: list[FieldError] = []
    for index, item in enumerate(_items(body, place["name"])):
        try:
            msgspec.convert(item, item_kind)
        except msgspec.ValidationError as error:
            found.append(field_error(str(error), f"/{place['name']}/{index}"))
    return found or [first]


def _item_kind(kind: Any, name: str) -> Any:
    if not isinstance(kind, type) or not issubclass(kind, msgspec.Struct):
        return None
    for field in msgspec.structs.fields(kind):
        declared = get_args(field.type)[0] if get_origin(field.type) is Annotated else field.type
        if field.encode_name == name and get_origin(declared) in {list, tuple}:
            return get_args(declared)[0]
    return None


def _items(body: bytes, name: str) -> list[Any]:
    # Behind the first fault the body may be no JSON at all, or name the list once more and mean another thing.
    try:
        items: Any = msgspec.json.decode(body, type=dict[str, Any])[name]
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return []
    return cast("list[Any]", items)[:MOST_ITEMS] if isinstance(items, list) else []


@lru_cache(maxsize=512)
def _decoder(kind: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(kind)


def field_error(message: str, base: str = "") -> FieldError:
    """Turn msgspec's message, `… - at `$.a[0]``, into a pointer (RFC 6901), a rule and a sentence."""
    match = MESSAGE.match(message)
    text, path = (match["text"], match["path"] or "") if match else (message, "")
    pointer = base + "".join(f"/{part}" for part in re.findall(r"[^.\[\]]+", path))
    rule = next((rule for sign, rule in RULES if sign in text), "type")
    named = FIELD.search(text)
    if named and rule in {"unknown_field", "required"}:
        pointer = f"{pointer}/{named[1]}"
    return FieldError(pointer, rule, text)
