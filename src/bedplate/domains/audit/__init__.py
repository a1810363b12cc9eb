"""Who did what, when, from where and by which session or key: append-only."""

from litestar.di import Provide

from bedplate.domains.audit.actor import Actor, current_actor
from bedplate.domains.audit.archive import export_audit
from bedplate.domains.audit.controllers import AuditController
from bedplate.domains.audit.service import enroll, forget, record
from bedplate.platform.domain import Domain

DOMAIN = Domain(
    name="audit",
    exports={"audit": export_audit},
    controllers=(AuditController,),
    permissions={"audit:read": "Read the audit trail"},
    dependencies={"actor": Provide(current_actor, sync_to_thread=False)},
)

__all__ = ["DOMAIN", "Actor", "current_actor", "enroll", "forget", "record"]
