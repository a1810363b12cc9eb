"""Second factors: authenticator apps, recovery codes and passkeys."""

from litestar.di import Provide

from bedplate.domains.factors.ceremonies import SWEEPING, sweep
from bedplate.domains.factors.controllers import FactorController
from bedplate.domains.factors.dependencies import provide_factors
from bedplate.domains.factors.errors import FactorExists
from bedplate.domains.factors.metrics import METRICS
from bedplate.domains.factors.passkeys import RelyingParty
from bedplate.domains.factors.reads import export_factors
from bedplate.domains.factors.service import FactorService
from bedplate.platform.domain import Domain

DOMAIN = Domain(
    name="factors",
    metrics=METRICS,
    controllers=(FactorController,),
    jobs=(sweep,),
    schedules=(SWEEPING,),
    exports={"factors": export_factors},
    errors={"uq_factor_passkey_credential_id": FactorExists},
    dependencies={"factors": Provide(provide_factors, sync_to_thread=False)},
    examples={
        "challenge": "5tQx0vC2m9aLk3dR",
        "recovery_code": "hk7q-3mzp-9wxd",
        "recovery_codes": ["hk7q-3mzp-9wxd", "r4vt-8ncj-2bfy"],
        "secret": "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP",
        "uri": "otpauth://totp/Bedplate:owner@team.example?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Bedplate",
        "NewPasskey.name": "Laptop",
        "PasskeyView.name": "Laptop",
        "TotpConfirmation.code": "492039",
    },
)

__all__ = ["DOMAIN", "FactorService", "RelyingParty"]
