import datetime as dt
from collections.abc import Iterator
from zoneinfo import ZoneInfo

from croniter import croniter

DAY = dt.timedelta(days=1)


def occurrences(cron: str, zone: ZoneInfo, after: dt.datetime) -> Iterator[dt.datetime]:
    """Yield a cron rule's moments after one, as UTC.

    Where clocks go forward, a moment in the gap is moved to its end; where they go back, a wall time that
    comes twice counts once, unless the rule names every hour.

    Raises:
        ValueError: the rule is not a cron rule of five fields.
    """
    if len(cron.split()) != 5 or not croniter.is_valid(cron):  # noqa: PLR2004 - minute to weekday
        raise ValueError(f"{cron!r} is not a cron rule of five fields")
    every_hour = cron.split()[1].startswith("*")
    moments = croniter(cron, (after - DAY).astimezone(zone))
    previous: dt.datetime | None = None
    while True:
        moment = moments.get_next(dt.datetime)
        wall = moment.replace(tzinfo=None, fold=0)
        repeated = moment.fold == 1 and not every_hour and previous is not None and wall <= previous
        previous = wall if previous is None or not repeated else previous
        if not repeated and moment > after:
            yield moment.astimezone(dt.UTC)
