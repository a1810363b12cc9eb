from collections.abc import Sequence
from typing import Any

from litestar import Controller, Request, Response, get

from bedplate.platform.auth.access import PUBLIC
from bedplate.platform.auth.keys import KeyRing


class JwksController(Controller):
    """The public keys of access tokens."""

    path = "/.well-known/jwks.json"
    tags = ("auth",)

    @get("/", access=PUBLIC, media_type="application/json")
    async def get_jwks(
        self, request: Request[Any, Any, Any]
    ) -> Response[dict[str, Sequence[dict[str, Any]]]]:
        """The JWK Set (RFC 7517) that verifies access tokens."""
        headers = {"Cache-Control": "public, max-age=300"}
        keys: KeyRing = request.app.state.key_ring
        return Response(keys.jwks(), headers=headers)
