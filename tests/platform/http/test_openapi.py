import httpx


async def test_the_document_declares_every_refusal_as_a_problem(asgi: httpx.AsyncClient) -> None:
    document = (await asgi.get("/openapi.json")).json()
    assert document["openapi"].startswith("3.1")
    for path, item in document["paths"].items():
        for method, operation in item.items():
            refusals = {s: a for s, a in operation["responses"].items() if int(s) >= 400}
            assert {"400", "422", "429", "500", "503"} <= set(refusals), f"{method} {path}"
            # The server's own, before there is a request; it has no body.
            assert "content" not in refusals.pop("431")
            for answer in refusals.values():
                assert list(answer["content"]) == ["application/problem+json"]


async def test_public_operations_need_no_credential(asgi: httpx.AsyncClient) -> None:
    paths = (await asgi.get("/openapi.json")).json()["paths"]
    assert paths["/health/live"]["get"]["security"] == []
    assert paths["/v1/auth/login"]["post"]["security"] == []
    assert "security" not in paths["/v1/me"]["get"]


async def test_the_pages_load_nothing_from_outside(asgi: httpx.AsyncClient) -> None:
    page = await asgi.get("/docs")
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    assert "http://" not in page.text.replace("http://bedplate.test", "")
    assert "<script" not in page.text
    assert "create_plan" in page.text
    assert (await asgi.get("/docs/openapi.json")).json() == (await asgi.get("/openapi.json")).json()
    assert (await asgi.get("/docs/nothing")).headers["content-type"] == "application/problem+json"


async def test_options_asks_nobody_who_he_is(asgi: httpx.AsyncClient) -> None:
    answer = await asgi.request("OPTIONS", "/v1/me")
    assert answer.status_code == 204
    assert "OPTIONS" in answer.headers["allow"]
    assert answer.content == b""


async def test_media_types_beside_json_are_declared(asgi: httpx.AsyncClient) -> None:
    paths = (await asgi.get("/openapi.json")).json()["paths"]
    assert "image/svg+xml" in paths["/v1/plans/{plan_id}/graph.svg"]["get"]["responses"]["200"]["content"]
