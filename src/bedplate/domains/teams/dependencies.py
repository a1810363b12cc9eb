from typing import Any

from litestar import Request

from bedplate.domains.accounts import Post
from bedplate.domains.teams.invitations.service import InvitationService
from bedplate.domains.teams.members.service import MemberService
from bedplate.domains.teams.service import TeamService
from bedplate.platform.db import Transaction


def provide_teams(db: Transaction) -> TeamService:
    """The dependency `teams`."""
    return TeamService(session=db)


def provide_members(db: Transaction) -> MemberService:
    """The dependency `members`."""
    return MemberService(db)


def provide_invitations(request: Request[Any, Any, Any], db: Transaction, post: Post) -> InvitationService:
    """The dependency `invitations`."""
    auth = request.app.state.settings.auth
    return InvitationService(
        db, post=post, allow_reserved=auth.allow_reserved_domains, max_open=auth.max_invitations
    )
