import asyncio
from collections.abc import Callable
from typing import cast

import msgspec

from bedplate.domains.plans.document import Document, parse
from bedplate.domains.plans.document.entities import Content
from bedplate.domains.plans.document.errors import DocumentNotUtf8
from bedplate.domains.plans.errors import NotUtf8

# A document of this size is parsed within a few milliseconds; a larger one would hold up the event loop.
AT_ONCE = 32_768


async def off_loop[**P, R](size: int, work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Do pure work on a document of `size` bytes, off the event loop where it is large."""
    if size <= AT_ONCE:
        return work(*args, **kwargs)
    return await asyncio.to_thread(work, *args, **kwargs)


async def parsed(raw: bytes) -> Document:
    """Read a document, its content as the database can hold it.

    Raises:
        NotUtf8: it says where.
    """
    try:
        document = await off_loop(len(raw), parse, raw)
    except DocumentNotUtf8 as error:
        raise NotUtf8(error.offset) from error
    if b"\0" not in raw:
        return document
    return msgspec.structs.replace(document, content=_without_nul(document.content))


def _without_nul(content: Content) -> Content:
    """PostgreSQL's text holds every character but U+0000; the bytes themselves keep it."""
    return cast("Content", _replaced(content))


def _replaced(value: object) -> object:
    if isinstance(value, str):
        return value.replace("\0", "\ufffd")
    if isinstance(value, msgspec.Struct):
        fields = {name: _replaced(getattr(value, name)) for name in value.__struct_fields__}
        return msgspec.structs.replace(value, **fields)
    if isinstance(value, tuple):
        return tuple(_replaced(each) for each in cast("tuple[object, ...]", value))
    return value
