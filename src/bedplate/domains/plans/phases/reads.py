from sqlalchemy import bindparam

from bedplate.domains.plans.phases.models import Phase
from bedplate.domains.plans.phases.schemas import PhaseView
from bedplate.domains.plans.rows import listing, one

PHASE = one(Phase, PhaseView)
PHASES = listing("phases", Phase, PhaseView, {"state": Phase.state == bindparam("state")})
