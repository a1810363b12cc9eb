import inspect
import json
from collections.abc import Iterator

from bedplate import app
from bedplate.platform.errors import Failure
from bedplate.platform.http.documented import EXAMPLE
from tools.markdown import code, header, table

ABOUT = """Every refusal has one shape, problem details by RFC 9457, as `application/problem+json`. `code` is stable
and is what programs compare; `detail` and `errors` say what is wrong with this request; `request_id` finds its log line
and its trace. Answers that ask for a wait say how long in `Retry-After`.

"""
COLUMNS = ("status", "code", "title", "when")


def errors_page() -> str:
    """Every code that an answer may bear, the platform's first."""
    example = f"```json\n{json.dumps(EXAMPLE, indent=2)}\n```\n"
    parts = [header("Errors", ABOUT + example)]
    by_part: dict[str, list[type[Failure]]] = {}
    for failure in _failures():
        by_part.setdefault(_part(failure), []).append(failure)
    names = ["platform", *(domain.name for domain in app.DOMAINS)]
    parts += [
        f"## {name}\n\n{table(COLUMNS, _rows(found))}\n" for name in names if (found := by_part.get(name))
    ]
    return "\n".join(parts)


def _rows(failures: list[type[Failure]]) -> list[tuple[str, ...]]:
    # Several refusals may share a code: what programs do about them is the same.
    by_code: dict[tuple[int, str], list[type[Failure]]] = {}
    for failure in failures:
        by_code.setdefault((failure.status, failure.code), []).append(failure)
    return [
        (
            str(status),
            code(name),
            "; or: ".join(sorted({one.title for one in same})),
            " ".join(filter(None, map(_when, same))),
        )
        for (status, name), same in sorted(by_code.items())
    ]


def _failures() -> Iterator[type[Failure]]:
    waiting: list[type[Failure]] = [Failure]
    while waiting:
        failure = waiting.pop()
        waiting += failure.__subclasses__()
        if failure.__module__.startswith("bedplate.") and (
            "code" in vars(failure) or "status" in vars(failure)
        ):
            yield failure


def _part(failure: type[Failure]) -> str:
    _, layer, name = failure.__module__.split(".")[:3]
    return name if layer == "domains" else "platform"


def _when(failure: type[Failure]) -> str:
    if failure is Failure:
        return "Something broke on our side; the log line of `request_id` says what."
    about = inspect.cleandoc(vars(failure).get("__doc__") or "")
    return about.partition("\n\n")[0].replace("\n", " ")
