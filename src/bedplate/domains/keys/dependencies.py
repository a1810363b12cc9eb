from typing import Any

from litestar import Request

from bedplate.domains.keys.service import ApiKeyService
from bedplate.platform.db import Transaction


def provide_api_keys(request: Request[Any, Any, Any], db: Transaction) -> ApiKeyService:
    """The dependency `api_keys`."""
    state = request.app.state
    auth = state.settings.auth
    return ApiKeyService(db, state.key_secrets, max_age=auth.api_key_ttl, max_keys=auth.max_api_keys)
