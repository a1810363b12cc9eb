import re
import sys
from pathlib import Path
from typing import Any, cast

import msgspec
import rich_click as click

from bedplate.cli.errors import CommandError
from bedplate.cli.plans_client import PlanClient

PATIENCE = 120.0
NOT_IN_KEY = re.compile(r"[^a-z0-9]+")
BASIS = click.Choice(("prose", "graph", "both"))
AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
DOCUMENT = click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path)


def service_options(command: Any) -> Any:
    """The options of every command that talks to a service."""
    api = click.option(
        "--api", envvar="BEDPLATE_API", default="http://127.0.0.1:8000", show_default=True, show_envvar=True,
        help="Origin of the service.",
    )  # fmt: skip
    token = click.option(
        "--token", envvar="BEDPLATE_TOKEN", show_envvar=True, help="An access token or an API key."
    )
    return api(token(command))


@click.group()
def plans() -> None:
    """Import, export and question living plans.

    `findings FILE` and `ready FILE` read the document themselves and need no server. The others speak to a
    running service over its API, as you: give --api and --token, or BEDPLATE_API and BEDPLATE_TOKEN.
    """


@plans.command("import")
@click.argument("file", type=DOCUMENT)
@click.option(
    "--plan", help="Key or id of the plan; a new key makes a plan.  [default: from the file's name]"
)
@click.option("--on-conflict", type=click.Choice(("merge", "theirs", "ours", "fail")), default="merge",
              show_default=True, help="Who wins where document and data changed the same.")  # fmt: skip
@click.option("--dry-run", is_flag=True, help="Only say what would change.")
@AS_JSON
@service_options
def import_document(
    file: Path,
    plan: str | None,
    on_conflict: str,
    *,
    dry_run: bool,
    as_json: bool,
    api: str,
    token: str | None,
) -> None:
    """Take the document FILE (`-`: standard input) into a plan, merged with what the plan holds."""
    raw = _bytes(file)
    key = plan or _key(file)
    with PlanClient(api, token) as client:
        plan_id = client.find(key) or client.create(key, key)
        query = {"on_conflict": on_conflict, "dry_run": str(dry_run).lower()}
        headers = {"Content-Type": "text/markdown"}
        answer = client.send("POST", f"/plans/{plan_id}/imports", params=query, content=raw, headers=headers)
        result = client.finished(answer, PATIENCE)
    if as_json:
        click.echo(msgspec.json.encode({"plan_id": plan_id, **result}).decode())
        return
    counts = result["counts"]
    click.echo(
        f"{'Would import' if dry_run else 'Imported'} into {key} ({plan_id}), revision {result['revision']}:"
    )
    click.echo(f"  {counts['tasks']} tasks, {result['boxes']} boxes, {counts['decisions']} decisions")
    click.echo(f"  {result['created']} created, {result['changed']} changed, {result['deleted']} deleted")
    click.echo(f"  {result['conflict_count']} conflicts, {result['finding_count']} findings")
    for conflict in result["conflicts"]:
        click.echo(f"  conflict: {conflict['entity']} {conflict['field']} → {conflict['outcome']}")


@plans.command()
@click.argument("target")
@click.option("--basis", type=BASIS, default="both", show_default=True, help="Which stated edges count.")
@click.option("--explain", is_flag=True, help="Say also why each other task waits.")
@AS_JSON
@service_options
def ready(target: str, basis: str, *, explain: bool, as_json: bool, api: str, token: str | None) -> None:
    """List the tasks of TARGET that can be worked on now: a FILE, or the key or id of a plan."""
    path = Path(target)
    if target == "-" or path.is_file():
        found = _ready_in(_bytes(path), basis, explain=explain)
    else:
        query = {"basis": basis, "explain": str(explain).lower()}
        with PlanClient(api, token) as client:
            found = client.get(f"/plans/{client.plan_id(target)}/ready", query)
    if as_json:
        click.echo(msgspec.json.encode(found).decode())
        return
    for task in found["items"]:
        click.echo(_titled(task))
    for task in found.get("waiting", ()):
        reasons = "; ".join(reason["message"] for reason in task["reasons"])
        click.echo(f"waits: {_titled(task)}: {reasons}")


@plans.command()
@click.argument("file", type=DOCUMENT)
@click.option(
    "--fail-on", type=click.Choice(("drift", "warning", "info")),
    help="End with exit code 1 when there is a finding at least this severe.",
)  # fmt: skip
@AS_JSON
def findings(file: Path, fail_on: str | None, *, as_json: bool) -> None:
    """List where the document FILE (`-`: standard input) contradicts itself. Needs no server."""
    from bedplate.domains.plans.document.analysis.findings import FailOn, findings_of, worth_failing
    from bedplate.domains.plans.document.errors import DocumentNotUtf8

    try:
        found = findings_of(_bytes(file))
    except DocumentNotUtf8 as error:
        raise CommandError(f"{file}: {error}") from error
    if as_json:
        click.echo(msgspec.json.encode(found).decode())
    else:
        for each in found:
            click.echo(f"{file}:{each.line}: {each.severity} {each.code}: {each.message}")
    if fail_on is not None and worth_failing(found, cast("FailOn", fail_on)):
        raise SystemExit(1)


@plans.command()
@click.argument("plan")
@click.option("--output", "-o", type=click.Path(dir_okay=False, writable=True, path_type=Path),
              help="Write there, not to standard output.")  # fmt: skip
@service_options
def export(plan: str, output: Path | None, api: str, token: str | None) -> None:
    """Write the document of PLAN (key or id), byte for byte but for what changed."""
    with PlanClient(api, token) as client:
        answer = client.send("POST", f"/plans/{client.plan_id(plan)}/exports", json={})
        result = client.finished(answer, PATIENCE)
        raw = client.send("GET", f"/documents/{result['document_id']}/raw").content
    for entity, name in result["unwritten"]:
        click.echo(f"The document has no place for {entity} {name}".rstrip(), err=True)
    if output is None:
        sys.stdout.buffer.write(raw)
    else:
        output.write_bytes(raw)


def _ready_in(raw: bytes, basis: str, *, explain: bool) -> Any:
    """The answer of the API for a document that no service holds; ids are the document's own names."""
    from bedplate.domains.plans.document import parse
    from bedplate.domains.plans.document.analysis.graph import Basis, graph_of
    from bedplate.domains.plans.document.analysis.readiness import ready as ready_now
    from bedplate.domains.plans.document.errors import DocumentNotUtf8

    try:
        graph = graph_of(parse(raw).content)
    except DocumentNotUtf8 as error:
        raise CommandError(str(error)) from error
    found = ready_now(graph, basis=cast("Basis", basis), explain=explain)

    def shown(ref: str) -> dict[str, Any]:
        task = graph.vertices[ref]
        return {
            "id": ref, "number": task.number, "title": task.title, "state": task.state,
            "priority": task.priority,
        }  # fmt: skip

    answer: dict[str, Any] = {"items": [shown(ref) for ref in found.ready], "next_cursor": None}
    if explain:
        answer["waiting"] = [
            {**shown(ref), "reasons": msgspec.to_builtins(reasons)} for ref, reasons in found.waiting.items()
        ]
    return answer


def _titled(task: dict[str, Any]) -> str:
    priority = "" if task["priority"] == "none" else f" ({task['priority']})"
    return f"{task['number']}. {task['title']}{priority}" if task["number"] else f"{task['title']}{priority}"


def _bytes(file: Path) -> bytes:
    return sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()


def _key(file: Path) -> str:
    key = NOT_IN_KEY.sub("-", file.stem.lower()).strip("-")[:64]
    if not key:
        raise CommandError("The file's name makes no key; give --plan")
    return key
