from collections.abc import Callable, Sequence

from bedplate.platform.db.listing import MOST_ROWS, Page, PageQuery
from bedplate.platform.errors import FieldError, Invalid


def computed_page[T](query: PageQuery, name: str, items: Sequence[T], key: Callable[[T], object]) -> Page[T]:
    """Return a page of a list that is computed whole, in its own order; whoever states no limit gets it so.

    Its cursor holds the last item shown and its place, so that a list which changed goes on behind that item,
    or, where it is gone, at its place. `name` tells the list and its filters; `key` is unique in it.

    Raises:
        Invalid: another order is asked for; there is none.
        InvalidCursor: the cursor was made for another list or other filters.
    """
    if query.sort:
        message = "This list has an order of its own"
        raise Invalid(message, errors=[FieldError("/sort", "enum", message)])
    start = _start(query, name, items, key)
    end = start + (MOST_ROWS if query.unstated else query.limit)
    shown = list(items[start:end])
    more = end < len(items)
    return Page(shown, query.signer.encode(name, [end, str(key(shown[-1]))]) if more else None)


def _start[T](query: PageQuery, name: str, items: Sequence[T], key: Callable[[T], object]) -> int:
    if not query.cursor:
        return 0
    place, last = query.signer.decode(name, query.cursor, [int, str])
    found = (index for index, item in enumerate(items, 1) if str(key(item)) == last)
    return next(found, min(int(str(place)) - 1, len(items)))
