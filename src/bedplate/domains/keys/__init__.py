"""API keys: credentials for programs, a person's own or a team's."""

from litestar.di import Provide

from bedplate.domains.keys.controllers import ApiKeyController
from bedplate.domains.keys.dependencies import provide_api_keys
from bedplate.domains.keys.metrics import METRICS
from bedplate.domains.keys.reads import export_api_keys
from bedplate.domains.keys.resolver import CHANNEL, ApiKeys
from bedplate.domains.keys.secret import KeySecrets
from bedplate.platform.domain import Domain

DOMAIN = Domain(
    name="keys",
    metrics=METRICS,
    controllers=(ApiKeyController,),
    permissions={
        "api-keys:read": "See one's API keys and those of one's teams",
        "api-keys:write": "Make, change, rotate and revoke API keys",
    },
    exports={"api_keys": export_api_keys},
    dependencies={"api_keys": Provide(provide_api_keys, sync_to_thread=False)},
    examples={
        "ApiKeyPatch.name": "Nightly report",
        "ApiKeyView.name": "Nightly report",
        "ApiKeyView.scopes": ["plans:read"],
        "IssuedApiKey.key": "bp_0198f2c47d107c3a9a516f0e2b7d4c18_only_shown_once",
        "IssuedApiKey.name": "Nightly report",
        "IssuedApiKey.scopes": ["plans:read"],
        "NewApiKey.name": "Nightly report",
        "prefix": "bp_0198f2c47d107c3a9a516f0e2b7d4c18",
    },
)

__all__ = ["CHANNEL", "DOMAIN", "ApiKeys", "KeySecrets"]
