"""The types of fields that clients send, with their bounds."""

from typing import Annotated

from msgspec import Meta

type Key = Annotated[
    str,
    Meta(min_length=1, max_length=64, pattern=r"^[a-z0-9-]{1,64}$", description="Names the plan in its team"),
]
# It becomes a line of the document, where a blank one would stand for nothing and a break would begin another.
_LINE = r"^[^\r\n]*\S[^\r\n]*(?![\r\n])$"
type Title = Annotated[str, Meta(min_length=1, max_length=500, pattern=_LINE)]
type Line = Annotated[str, Meta(min_length=1, max_length=2000, pattern=_LINE)]
type Body = Annotated[str, Meta(max_length=20_000)]
type Label = Annotated[str, Meta(min_length=1, max_length=200)]
type Minutes = Annotated[int, Meta(ge=0, le=10_000_000, description="Minutes")]
type Percent = Annotated[int, Meta(ge=0, le=100)]
type Position = Annotated[int, Meta(ge=0, le=2_000_000_000, description="Its place in the order of the plan")]
type Number = Annotated[str, Meta(min_length=1, max_length=40, description="The number as shown")]
