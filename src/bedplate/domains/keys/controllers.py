from typing import Annotated, Any
from uuid import UUID

from litestar import Controller, Request, Response, delete, get, patch, post
from litestar.status_codes import HTTP_200_OK

from bedplate.domains.audit import Actor
from bedplate.domains.keys.reads import KEY, KEYS
from bedplate.domains.keys.schemas import ApiKeyPatch, ApiKeyView, IssuedApiKey, NewApiKey, Rotation
from bedplate.domains.keys.service import ApiKeyService
from bedplate.platform.auth.access import requires
from bedplate.platform.auth.caller import Caller
from bedplate.platform.db import Page, PageQuery, ReadPool
from bedplate.platform.http.answers import created, paged
from bedplate.platform.http.conditional import IF_MATCH, check_if_match, etag, honour_if_match

READ = requires("api-keys:read")
WRITE = requires("api-keys:write", step_up=True)
NO_STORE = {"Cache-Control": "no-store"}


class ApiKeyController(Controller):
    """Keys for programs, one's own and those of one's teams."""

    path = "/v1/api-keys"
    tags = ("api-keys",)

    @get("/", access=READ)
    async def list_api_keys(
        self,
        request: Request[Any, Any, Any],
        caller: Caller,
        reads: ReadPool,
        page: PageQuery,
        *,
        team_id: UUID | None = None,
        revoked: bool | None = None,
    ) -> Response[Page[ApiKeyView]]:
        """List keys, the newest first; nothing in them is secret."""
        found = await KEYS.page(reads, page, user_id=caller.user_id, team_id=team_id, revoked=revoked)
        return paged(request, found)

    @post("/", access=WRITE, idempotent=False)
    async def create_api_key(
        self, data: NewApiKey, caller: Caller, api_keys: ApiKeyService, actor: Actor
    ) -> Response[IssuedApiKey]:
        """Make a key; this answer alone shows its secret."""
        issued = await api_keys.issue(data, caller, actor)
        answer = created(issued, f"/v1/api-keys/{issued.id}", version=issued.version)
        answer.headers.update(NO_STORE)
        return answer

    @get("/{key_id:uuid}", access=READ)
    async def get_api_key(self, key_id: UUID, caller: Caller, reads: ReadPool) -> Response[ApiKeyView]:
        """Show a key."""
        key = await KEY.one(reads, id=key_id, user_id=caller.user_id)
        # Its last use changes without its version, so there is no 304.
        return Response(key, headers={"ETag": etag(key.version), "Cache-Control": "private, no-cache"})

    @patch("/{key_id:uuid}", access=WRITE)
    async def change_api_key(
        self,
        key_id: UUID,
        data: ApiKeyPatch,
        caller: Caller,
        api_keys: ApiKeyService,
        actor: Actor,
        if_match: Annotated[str | None, IF_MATCH] = None,
    ) -> Response[ApiKeyView]:
        """Change a key's name, scopes or end."""
        key = await api_keys.to_change(key_id, caller.user_id)
        check_if_match(if_match, key.version)
        view = await api_keys.change(key, data, caller, actor)
        return Response(view, headers={"ETag": etag(view.version)})

    @post("/{key_id:uuid}/rotation", access=WRITE, status_code=HTTP_200_OK, idempotent=False)
    async def rotate_api_key(
        self, key_id: UUID, data: Rotation, caller: Caller, api_keys: ApiKeyService, actor: Actor
    ) -> Response[IssuedApiKey]:
        """Give a key a new secret; this answer alone shows it."""
        key = await api_keys.to_change(key_id, caller.user_id)
        issued = await api_keys.rotate(key, data.overlap, actor)
        return Response(issued, headers={"ETag": etag(issued.version), **NO_STORE})

    @delete("/{key_id:uuid}", access=WRITE)
    async def revoke_api_key(
        self,
        key_id: UUID,
        caller: Caller,
        api_keys: ApiKeyService,
        actor: Actor,
        if_match: Annotated[str | None, IF_MATCH] = None,
    ) -> None:
        """End a key for good, in every process within a second; If-Match is heeded."""
        key = await api_keys.to_change(key_id, caller.user_id)
        honour_if_match(if_match, key.version)
        await api_keys.revoke(key, actor)
