"""What holds for every route: keys of POSTs, conditions of changes, pages of lists."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from litestar import Litestar, Response
from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute

SECRETS = {"create_api_key", "rotate_api_key", "invite"}
"""POSTs whose answer holds a secret, which is never stored; those below /v1/auth/ are known by their path."""

UNCONDITIONAL = {
    "unlink_identity": "there or not: nothing of it changes",
    "remove_passkey": "there or not: nothing of it changes",
    "remove_totp": "there or not: nothing of it changes",
    "end_other_sessions": "ends access, whatever happened meanwhile",
    "end_session": "ends access, whatever happened meanwhile",
    "delete_me": "one's own account, after a step-up",
    "restore_finding": "a waiver is there or not",
    "keep_standup": "what one said oneself, replaced by oneself",
    "withdraw_invitation": "open or not: nothing else of it changes",
    "remove_member": "there or not",
    "leave_team": "there or not",
    "assign_role": "held or not",
    "withdraw_role": "held or not",
}
"""Changes without If-Match, and why nothing can be lost by them."""

WHOLE = {"list_factors": "one's own, a handful, with what they are for"}
"""Lists that are not paged, and why they are short."""


class Operation(NamedTuple):
    method: str
    path: str
    handler: HTTPRouteHandler
    model: Any

    @property
    def name(self) -> str:
        return self.handler.handler_name

    @property
    def dependencies(self) -> set[str]:
        return {dependency.key for batch in self.model.dependency_batches for dependency in batch}

    @property
    def headers(self) -> set[str]:
        return {parameter.field_alias for parameter in self.model.expected_header_params}

    @property
    def query(self) -> set[str]:
        return {parameter.field_alias for parameter in self.model.expected_query_params}


def operations_of(app: Litestar, *methods: str) -> Iterator[Operation]:
    for route in app.routes:
        if isinstance(route, HTTPRoute) and route.path.startswith("/v1/"):
            for method, (handler, model) in route.route_handler_map.items():
                if method in methods:
                    yield Operation(method, route.path, handler, model)


def test_every_post_heeds_an_idempotency_key(app: Litestar) -> None:
    posts = list(operations_of(app, "POST"))
    assert {post.name for post in posts if post.handler.opt.get("idempotent") is False} == SECRETS
    # The key is held, and the answer kept, by the request's transaction.
    assert [post.name for post in posts if "db" not in post.dependencies] == []


def test_every_change_is_conditional_or_says_why_not(app: Litestar) -> None:
    changes = list(operations_of(app, "PATCH", "PUT", "DELETE"))
    assert {change.name for change in changes if "If-Match" not in change.headers} == set(UNCONDITIONAL)
    assert [
        change.name for change in changes if change.method == "PATCH" and change.name in UNCONDITIONAL
    ] == []


def test_whatever_is_changed_has_a_tag_to_name(app: Litestar) -> None:
    tagged = {read.path: read.name for read in operations_of(app, "GET") if _is_response(read.handler)}
    for change in operations_of(app, "PATCH"):
        if change.path.startswith("/v1/tasks/") and "/checklist/" in change.path:
            continue  # a box is read as part of its task's checklist, which tells each version
        assert change.path in tagged, change.path


def test_every_list_is_paged_or_says_why_not(app: Litestar) -> None:
    gets = list(operations_of(app, "GET"))
    paged = {get.name for get in gets if "page" in get.dependencies}
    lists = {get.name for get in gets if get.name.startswith("list_")}
    assert lists - paged == set(WHOLE)
    assert [get.name for get in gets if get.name in paged and get.query < {"limit", "cursor", "sort"}] == []


def test_no_answer_is_a_bare_list(app: Litestar) -> None:
    bare = [get.name for get in operations_of(app, "GET") if _returned(get.handler) in {list, tuple}]
    assert bare == []


@pytest.mark.parametrize("kind", ["limit", "cursor", "sort"])
async def test_a_page_says_what_it_refuses(kind: str, app: Litestar, asgi: Any, make_admin: Any) -> None:
    person = await make_admin(asgi)
    wrong = {"limit": "0", "cursor": "nonsense", "sort": "colour"}[kind]
    for get in operations_of(app, "GET"):
        if "page" not in get.dependencies or "{" in get.path:
            continue
        answer = await asgi.get(get.path, params={kind: wrong}, headers=person.headers)
        assert answer.status_code in {400, 422}, (get.name, answer.text)


def _is_response(handler: HTTPRouteHandler) -> bool:
    annotation = handler.parsed_fn_signature.return_type.annotation
    return getattr(annotation, "__origin__", annotation) is Response


def _returned(handler: HTTPRouteHandler) -> Any:
    annotation = handler.parsed_fn_signature.return_type.annotation
    inner = getattr(annotation, "__args__", (annotation,))[0]
    return getattr(inner, "__origin__", inner)
