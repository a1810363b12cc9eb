from bedplate.platform.errors import Conflict, Forbidden


class AlreadyMember(Conflict):
    code, title = "already_member", "This person is in the team already"


class LastOwner(Conflict):
    code, title = "last_owner", "A team keeps at least one owner"


class TeamRoleTooLow(Forbidden):
    code, title = "team_role_too_low", "Your role in the team does not allow this"
