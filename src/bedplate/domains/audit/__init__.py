"""Who did what, when, from where and by which session or key: append-only."""

from litestar.di import Provide

from bedplate.domains.audit.actor import Actor, current_actor
from bedplate.domains.audit.archive import export_audit
from bedplate.domains.audit.controllers import AuditController
from bedplate.domains.audit.months import MAKING, make_months
from bedplate.domains.audit.service import enroll, forget, record
from bedplate.platform.domain import Domain

DOMAIN = Domain(
    name="audit",
    exports={"audit": export_audit},
    controllers=(AuditController,),
    jobs=(make_months,),
    schedules=(MAKING,),
    permissions={"audit:read": "Read the audit trail"},
    dependencies={"actor": Provide(current_actor, sync_to_thread=False)},
    examples={
        "address": "198.51.100.7",
        "data": {"method": "password"},
        "request_id": "5f0c8d3e9a7b4c61",
        "resource": "plan:0198f2c4-7d10-7c3a-9a51-6f0e2b7d4c18",
        "user_agent": "curl/8.14.1",
        "AuditEventView.type": "session.created",
    },
)

__all__ = ["DOMAIN", "Actor", "current_actor", "enroll", "forget", "record"]
