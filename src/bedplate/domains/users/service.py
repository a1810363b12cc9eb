from collections.abc import Collection
from uuid import UUID

from msgspec import UNSET

from bedplate.domains.access import Assignments, change_grants
from bedplate.domains.accounts import AccountService
from bedplate.domains.accounts.administration import AccountAdministration
from bedplate.domains.accounts.directory import AccountSummary
from bedplate.domains.audit import Actor, record
from bedplate.domains.keys.service import end_keys
from bedplate.domains.sessions.service import end_sessions
from bedplate.domains.teams import TeamService
from bedplate.domains.users.errors import RolesNeedPermission
from bedplate.domains.users.reads import USERS
from bedplate.domains.users.schemas import UserPatch
from bedplate.platform.auth.revocation import revoke
from bedplate.platform.db import Transaction
from bedplate.platform.errors import NotFound

ROLES = "roles:write"


class UserService:
    """What administrators do to people. Nobody touches one who may more than himself; `own` is what he may."""

    def __init__(self, session: Transaction) -> None:
        self._session = session
        self._accounts = AccountAdministration(session)
        self._assignments = Assignments(session)

    async def get(self, user_id: UUID) -> AccountSummary:
        """Somebody's account, as this transaction sees it.

        Raises:
            NotFound: there is none, or it is deleted.
        """
        row = (await self._session.execute(USERS.of_id, {"id": user_id})).one_or_none()
        if row is None:
            raise NotFound
        return AccountSummary(*row)

    async def change(
        self, user_id: UUID, patch: UserPatch, own: Collection[str], actor: Actor
    ) -> AccountSummary:
        """Rename, disable or enable somebody, or give him other roles.

        Raises:
            BeyondOwnPermissions: he may, or would, what the caller may not.
            LastAdministrator: nobody would be one.
            RolesNeedPermission: roles are another permission's matter.
        """
        await change_grants(self._session)
        await self._assignments.must_not_exceed(user_id, own)
        if patch.name is not UNSET:
            await self._accounts.rename(user_id, patch.name, actor)
        if patch.roles is not UNSET:
            if ROLES not in own:
                raise RolesNeedPermission
            await self._set_roles(user_id, patch.roles, own, actor)
        if patch.disabled is True:
            await self.disable(user_id, actor)
        elif patch.disabled is False:
            await self._accounts.enable(user_id, actor)
        return await self.get(user_id)

    async def disable(self, user_id: UUID, actor: Actor) -> None:
        """Keep somebody out: his sessions and keys die within a second, and stay dead when he is enabled.

        Raises:
            LastAdministrator: he is.
        """
        await self._assignments.must_keep_administrator(user_id)
        await self._accounts.disable(user_id, actor)
        await self._end(user_id, actor, because="disabled")

    async def enable(self, user_id: UUID, actor: Actor) -> None:
        """Let somebody in again."""
        await self._accounts.enable(user_id, actor)

    async def remove(self, user_id: UUID, own: Collection[str], grace: float, actor: Actor) -> None:
        """Close somebody's account; it is erased after the time of grace (seconds).

        Raises:
            BeyondOwnPermissions: he may what the caller may not.
            LastAdministrator: he is.
            LastOwner: a team with others in it would be without an owner.
        """
        await self._assignments.must_keep_administrator(user_id)
        await self._assignments.must_not_exceed(user_id, own)
        await TeamService(session=self._session).must_not_orphan(user_id)
        await AccountService(session=self._session).close(user_id, grace)
        await self._end(user_id, actor, because="deleted")
        await record(self._session, "account.deleted", actor, subject=user_id, by="administrator")

    async def _set_roles(
        self, user_id: UUID, roles: Collection[str], own: Collection[str], actor: Actor
    ) -> None:
        given = await self._assignments.given(user_id)
        for role in sorted(set(roles).difference(given)):
            await self._assignments.give(user_id, role, own, actor)
        for role in sorted(set(given).difference(roles)):
            await self._assignments.take(user_id, role, own, actor)

    async def _end(self, user_id: UUID, actor: Actor, *, because: str) -> None:
        await end_sessions(self._session, user_id, actor, because=because)
        await end_keys(self._session, user_id, actor)
        await revoke(self._session, "user", user_id)
