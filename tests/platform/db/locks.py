"""What in a migration's SQL would stop traffic, or break the code that still runs during a deploy."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

TABLE = r"(?:if exists )?(?:only )?(?P<table>\w+)\b"
ALTER = rf"alter table {TABLE} "
COLUMN = ALTER + r"add (?:column )?(?!constraint|check|foreign|unique|primary|exclude)"
NAMED = r"add (?:constraint \S+ )?"
NO_TABLE = r"(?P<table>)"
VOLATILE = r"random\(|clock_timestamp\(|timeofday\(|gen_random_uuid\(|uuidv?[47]\(|nextval\("
READ = "the running code still reads it: contract in a later release"
SCANS = "scans under a lock: add it not valid, validate after"
REWRITES = "rewrites the table: add a column, copy, switch"
BUILDS = "builds an index under a lock: build it concurrently first"
STEPS = "one transaction over all rows: fill in steps, from a job"
ALONE = "is committed before what is built concurrently, and cannot be run again: in a migration of its own"
LEFT = "broken off it leaves an index that is not valid: drop index concurrently if exists, before"
HELD = "reads all rows under the lock of its addition: validate in a migration of its own"

# Each on a table that has rows already; what a migration makes itself, it may treat as it likes.
# An alter table is looked at action by action.
RULES: tuple[tuple[str, str], ...] = (
    (
        rf"create (?:unique )?index (?!concurrently\b)(?:.* )?on {TABLE}",
        "writers wait for the build: use concurrently",
    ),
    (
        rf"drop index (?!concurrently\b){NO_TABLE}",
        "waits for, and holds up, all of the table: use concurrently",
    ),
    (ALTER + r"alter (?:column )?\S+ (?:set data )?type ", REWRITES),
    (ALTER + r"set (?:logged|unlogged|tablespace|access method)\b", REWRITES),
    (
        ALTER + r"alter (?:column )?\S+ set not null",
        "scans under a lock: add a check not valid, validate it, then set",
    ),
    (
        ALTER + r"alter (?:column )?\S+ drop (?:default|identity)",
        "the running code may leave the column out: contract in a later release",
    ),
    (
        COLUMN + r"(?=.* (?:small|big)?serial\b|.* generated (?:always|by default) as )",
        "rewrites the table: add it empty, fill in steps",
    ),
    (COLUMN + r"(?=.* not null)(?!.* default ).*", "fails on rows: give a default, or allow null"),
    (COLUMN + rf".* default .*(?:{VOLATILE})", "rewrites the table: add it empty, fill in steps"),
    (COLUMN + r".* (?:unique|primary key)\b", BUILDS),
    (COLUMN + r"(?:.* check ?\(|(?=.* default ).* references )", SCANS),
    (ALTER + NAMED + r"(?:check|foreign key)\b(?!.* not valid)", SCANS),
    (ALTER + NAMED + r"(?:unique|primary key)\b(?! using index)", BUILDS),
    (ALTER + NAMED + r"exclude\b", BUILDS),
    (ALTER + r"drop (?:column )?(?!constraint)", READ),
    (ALTER + r"rename ", READ),
    (ALTER + r"detach partition (?!.*concurrently)", "holds up everything: use concurrently"),
    (rf"drop table {TABLE}", READ),
    (
        rf"(?:drop (?:materialized view|view|type|domain|function|sequence)|alter type \S+ rename) {NO_TABLE}",
        READ,
    ),
    (rf"(?:lock table|lock|truncate table|truncate|vacuum full|cluster) {TABLE}", "holds up everything"),
    (
        rf"(?:reindex|refresh materialized view) (?!.*concurrently){NO_TABLE}",
        "holds up everything: use concurrently",
    ),
    (r"(?:with .* )?update (?:only )?(?P<table>\w+) (?:as )?(?:\w+ )?set (?!.* where )", STEPS),
    (rf"(?:with .* )?delete from {TABLE}(?!.* where )", STEPS),
    (
        rf"(?:set|set local|set session) lock_timeout {NO_TABLE}",
        "a lock is waited for so long, with traffic behind",
    ),
    (rf"do {NO_TABLE}", "what it does cannot be read here"),
)
# What Alembic writes around each.
FRAME = r"(?:begin|commit)$|(?:create table|update|insert into|delete from) alembic_version\b"


@dataclass
class Linter:
    """Reads revisions in order; remembers which tables were there before each."""

    tables: set[str] = field(default_factory=set)

    def read(self, sql: str, reasons: dict[str, str]) -> list[str]:
        """The faults of one revision: what stops traffic without a reason, and reasons for nothing."""
        statements = [one for part in re.split(r";\s*(?:\n|$)", sql) if (one := normalised(part))]
        found = [(one, why) for one in statements if (why := self.objection(one))]
        found += [*beside_concurrently(statements), *self.validated_at_once(statements)]
        faults = [f"{one}: {why}" for one, why in found if not any(key in one for key in reasons)]
        faults += [
            f"a reason for nothing: {key}" for key in reasons if not any(key in one for one, _ in found)
        ]
        faults += [f"an empty reason: {key}" for key, reason in reasons.items() if not reason.strip()]
        self.tables |= {
            made[1]
            for one in statements
            if (made := re.match(r"create table (?:if not exists )?(\w+)", bare(one)))
        }
        return faults

    def objection(self, statement: str) -> str | None:
        for action in actions(bare(statement)):
            for pattern, why in RULES:
                found = re.match(pattern, action)
                if found and (not found["table"] or found["table"] in self.tables):
                    return why
        return None

    def validated_at_once(self, statements: list[str]) -> Iterator[tuple[str, str]]:
        added: set[tuple[str, str]] = set()
        for one in statements:
            for action in actions(bare(one)):
                if made := re.match(ALTER + r"add constraint (\w+)", action):
                    added.add((made["table"], made[2]))
                read = re.match(ALTER + r"validate constraint (\w+)", action)
                if read and (read["table"], read[2]) in added and read["table"] in self.tables:
                    yield one, HELD


def beside_concurrently(statements: list[str]) -> Iterator[tuple[str, str]]:
    """What shares a revision with a concurrent build, and builds that could not be tried again."""
    concurrent = [one for one in statements if re.match(r"(?:create|drop) .*\bconcurrently\b", bare(one))]
    if not concurrent:
        return
    for one in statements:
        if one not in concurrent and not re.match(FRAME, bare(one)):
            yield one, ALONE
    dropped: set[str] = set()
    for one in concurrent:
        if gone := re.match(r"drop index concurrently if exists (\w+)", bare(one)):
            dropped.add(gone[1])
        built = re.match(r"create (?:unique )?index concurrently (?:if not exists )?(\w+)", bare(one))
        if built and built[1] not in dropped:
            yield one, LEFT


def actions(statement: str) -> list[str]:
    """Each action of an alter table as a statement of its own; any other statement as it is."""
    found = re.match(r"(alter table (?:if exists )?(?:only )?\w+ )(.*)", statement)
    if not found:
        return [statement]
    parts, depth = [""], 0
    for letter in found[2]:
        depth += {"(": 1, ")": -1}.get(letter, 0)
        if letter == "," and not depth:
            parts.append("")
        else:
            parts[-1] += letter
    return [found[1] + part.strip() for part in parts]


def bare(statement: str) -> str:
    """Without what stands in strings, quotes around names, and the schema that all tables are in."""
    without = re.sub(r"'(?:[^']|'')*'", "''", statement)
    return re.sub(r'"?\bpublic"?\.', "", without).replace('"', "")


def normalised(sql: str) -> str:
    without = re.sub(r"--[^\n]*|/\*.*?\*/", " ", sql, flags=re.DOTALL)
    return " ".join(without.lower().split())
