import msgspec


class ProviderView(msgspec.Struct, frozen=True):
    """A provider that one can sign in with; `name` goes into `/v1/auth/authorize`."""

    name: str
    title: str


class Providers(msgspec.Struct, frozen=True):
    items: list[ProviderView]
    next_cursor: None = None
