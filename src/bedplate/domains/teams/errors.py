from bedplate.platform.errors import BadRequest, Conflict, Forbidden


class AlreadyMember(Conflict):
    code, title = "already_member", "This person is in the team already"


class LastOwner(Conflict):
    code, title = "last_owner", "A team keeps at least one owner"


class PersonalTeam(Conflict):
    code, title = "personal_team", "A personal team is one person's own: nobody joins, leaves or deletes it"


class TeamRoleTooLow(Forbidden):
    code, title = "team_role_too_low", "Your role in the team does not allow this"


class InvalidInvitation(BadRequest):
    code, title = "invalid_invitation", "The invitation is used, withdrawn or too old; ask for a new one"


class InvitationForAnother(Forbidden):
    code, title = "invitation_for_another", "The invitation was sent to another address than yours"


class TooManyInvitations(Conflict):
    code, title = "too_many_invitations", "As many invitations are open as may be; withdraw one first"
