import datetime as dt

import httpx
import msgspec
import pytest
from litestar import Litestar

from fixtures.people import Join, sign_up

SINCE = {"since": (dt.datetime.now(dt.UTC) - dt.timedelta(hours=1)).isoformat()}


@pytest.mark.parametrize("query", [{"since": "2026-01-01T00:00:00"}, {"since": "yesterday"}, {}])
async def test_an_export_asks_for_a_moment_with_its_zone(
    asgi: httpx.AsyncClient, make_admin: Join, query: dict[str, str]
) -> None:
    admin = await make_admin(asgi)
    for path in ("/v1/audit-events/export", "/v1/audit-events"):
        if not query and not path.endswith("export"):
            continue
        answer = await asgi.get(path, params=query, headers=admin.headers)
        assert answer.status_code == 422, answer.text
        assert answer.json()["errors"][0]["pointer"] == "/since"
