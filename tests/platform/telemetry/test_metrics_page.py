"""How /metrics answers on the API's own port."""

import httpx
from prometheus_client import CONTENT_TYPE_LATEST


async def test_its_content_type_is_that_of_the_text_format(asgi: httpx.AsyncClient) -> None:
    answer = await asgi.get("/metrics")
    assert answer.headers.get_list("content-type") == [CONTENT_TYPE_LATEST]
