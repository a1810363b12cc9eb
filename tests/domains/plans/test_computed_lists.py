"""Lists that are computed and not read page by page are paged all the same."""

import pytest

from bedplate.platform.db import PageQuery, computed_page
from bedplate.platform.db.cursors import CursorSigner, InvalidCursor
from bedplate.platform.errors import Invalid
from domains.plans.conftest import Workspace

SIGNER = CursorSigner(b"of a test")


def page(items: list[str], cursor: str | None = None, name: str = "letters", limit: int = 2):
    query = PageQuery(limit=limit, cursor=cursor, sort=None, signer=SIGNER)
    return computed_page(query, name, items, str)


async def test_findings_page_by_page_are_the_findings(sample_plan: Workspace) -> None:
    whole = (await sample_plan.get("P/findings"))["items"]
    seen, cursor = [], None
    while True:
        params = {"limit": 3} | ({"cursor": cursor} if cursor else {})
        answer = await sample_plan.call("GET", "P/findings", params=params, expect=200)
        body = answer.json()
        seen += body["items"]
        cursor = body["next_cursor"]
        assert ('rel="next"' in answer.headers.get("link", "")) == (cursor is not None)
        if cursor is None:
            break
        assert len(body["items"]) == 3
    assert seen == whole
    assert len(whole) == 8


@pytest.mark.parametrize("path", ["P/ready", "P/blocked", "P/burndown", "P/findings"])
async def test_a_list_of_one(sample_plan: Workspace, path: str) -> None:
    body = await sample_plan.get(path, params={"limit": 1})
    assert len(body["items"]) == 1
    assert (await sample_plan.call("GET", path, params={"limit": 0})).status_code == 422
    assert (await sample_plan.call("GET", path, params={"cursor": "forged"})).status_code == 400


async def test_a_cursor_is_of_one_list_and_its_filters(sample_plan: Workspace) -> None:
    cursor = (await sample_plan.get("P/findings", params={"limit": 1}))["next_cursor"]
    other = {"cursor": cursor, "waived": "false"}
    assert (await sample_plan.call("GET", "P/findings", params=other)).status_code == 400


def test_a_list_that_changed_goes_on_behind_what_was_shown() -> None:
    first = page(["a", "b", "c", "d"])
    assert first.items == ["a", "b"]
    assert page(["0", "a", "b", "c", "d"], first.next_cursor).items == ["c", "d"]
    assert page(["b", "d"], first.next_cursor).items == ["d"]


def test_where_the_last_item_is_gone_its_place_counts() -> None:
    first = page(["a", "b", "c", "d"])
    assert page(["a", "c", "d"], first.next_cursor).items == ["c", "d"]
    assert page([], first.next_cursor).items == []


def test_it_has_no_other_order() -> None:
    with pytest.raises(Invalid):
        computed_page(PageQuery(limit=2, cursor=None, sort="-a", signer=SIGNER), "letters", ["a"], str)
    with pytest.raises(InvalidCursor):
        page(["a"], page(["a", "b", "c"]).next_cursor, name="numbers")
