from typing import Annotated

from litestar import Controller, Response, delete, get, patch
from litestar.status_codes import HTTP_200_OK

from bedplate.domains.accounts import AccountService, Profile, ProfilePatch
from bedplate.domains.accounts.reads import ACCOUNT
from bedplate.domains.audit import Actor
from bedplate.domains.sessions.closing.schemas import Closed
from bedplate.domains.sessions.closing.service import ClosingService
from bedplate.platform.auth.access import UNVERIFIED, Access
from bedplate.platform.auth.caller import Caller
from bedplate.platform.db import ReadPool, Transaction
from bedplate.platform.http.answers import versioned
from bedplate.platform.http.body import TypedRequest
from bedplate.platform.http.conditional import IF_MATCH, check_if_match, etag


class MeController(Controller):
    """One's own account."""

    path = "/v1/me"
    tags = ("me",)

    @get("/", access=Access(verified=False, keys=True))
    async def get_me(self, request: TypedRequest) -> Response[Profile]:
        """Show one's own account."""
        profile = await _profile(request.caller, request.reads)
        return versioned(request, profile, profile.version)

    @patch("/", access=UNVERIFIED)
    async def change_me(
        self,
        data: ProfilePatch,
        caller: Caller,
        db: Transaction,
        actor: Actor,
        if_match: Annotated[str | None, IF_MATCH] = None,
    ) -> Response[Profile]:
        """Change one's own account."""
        accounts = AccountService(session=db)
        check_if_match(if_match, (await accounts.living(caller.user_id)).version)
        account = await accounts.rename(caller.user_id, data, actor)
        profile = Profile(
            id=account.id,
            email=account.email,
            name=account.name,
            email_verified=account.email_verified_at is not None,
            has_password=account.password_hash is not None,
            roles=sorted(caller.roles),
            personal_team_id=account.personal_team_id,
            created_at=account.created_at,
            updated_at=account.updated_at,
            version=account.version,
        )
        return Response(profile, headers={"ETag": etag(account.version)})

    @delete("/", access=Access(verified=False, step_up=True, session=True), status_code=HTTP_200_OK)
    async def delete_me(self, caller: Caller, closing_service: ClosingService, actor: Actor) -> Closed:
        """Close one's account; it is erased after a time of grace, in which a mailed link restores it."""
        return Closed(await closing_service.close(caller.user_id, actor))


async def _profile(caller: Caller, reads: ReadPool) -> Profile:
    row = await ACCOUNT.one(reads, id=caller.user_id)
    return Profile(
        row.id,
        row.email,
        row.name,
        row.email_verified,
        row.has_password,
        sorted(caller.roles),
        row.personal_team_id,
        row.created_at,
        row.updated_at,
        row.version,
    )
