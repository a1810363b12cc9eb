from bedplate.domains.access.reads import holding, roles_of
from bedplate.domains.accounts.directory import Directory

USERS = Directory(roles_of, holding)
