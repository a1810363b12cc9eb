"""What in a migration's SQL would stop traffic, or break the code that still runs during a deploy."""

import re
from dataclasses import dataclass, field

TABLE = r'(?:only )?(?:if exists )?(?:public\.)?"?(?P<table>\w+)"?'
ALTER = rf"alter table {TABLE} .*?"
VOLATILE = r"random\(|clock_timestamp\(|gen_random_uuid\(|uuidv?7\(|nextval\("

# Each on a table that has rows already; what a migration makes itself, it may treat as it likes.
RULES: tuple[tuple[str, str], ...] = (
    (
        rf"create (?:unique )?index (?!concurrently).* on {TABLE}",
        "writers wait for the build: use concurrently",
    ),
    (
        r"drop index (?!concurrently)(?:if exists )?(?P<table>)",
        "waits for, and holds up, all of the table: use concurrently",
    ),
    (ALTER + r"alter (?:column )?\S+ (?:set data )?type ", "rewrites the table: add a column, copy, switch"),
    (
        ALTER + r"alter (?:column )?\S+ set not null",
        "scans under a lock: add a check not valid, validate it, then set",
    ),
    (
        ALTER + r"add (?:column )?(?!constraint)(?=.* not null)(?!.* default ).*",
        "fails on rows: give a default, or allow null",
    ),
    (
        ALTER + rf"add (?:column )?(?!constraint).* default .*(?:{VOLATILE})",
        "rewrites the table: add it empty, fill in steps",
    ),
    (ALTER + r"add (?:column )?(?!constraint).* generated always as .* stored", "rewrites the table"),
    (
        ALTER + r"add constraint \S+ (?:check|foreign key)(?!.* not valid)",
        "scans under a lock: add it not valid, validate after",
    ),
    (
        ALTER + r"add constraint \S+ (?:unique|primary key)(?! using index)",
        "builds an index under a lock: build it concurrently first",
    ),
    (
        ALTER + r"(?:drop (?:column )?(?!constraint)|rename )",
        "the running code still reads it: contract in a later release",
    ),
    (rf"drop table {TABLE}", "the running code still reads it: contract in a later release"),
    (
        rf"(?:lock table|truncate|truncate table|vacuum full|cluster|reindex table) {TABLE}",
        "holds up everything",
    ),
    (rf"update {TABLE} set (?!.* where )", "one transaction over all rows: fill in steps, from a job"),
    (rf"delete from {TABLE}(?!.* where )", "one transaction over all rows: in steps, from a job"),
)


@dataclass
class Linter:
    """Reads revisions in order; remembers which tables were there before each."""

    tables: set[str] = field(default_factory=set)

    def read(self, sql: str, reasons: dict[str, str]) -> list[str]:
        """The faults of one revision: what stops traffic without a reason, and reasons for nothing."""
        statements = [one for part in re.split(r";\s*(?:\n|$)", sql) if (one := normalised(part))]
        found = [(one, why) for one in statements if (why := self.objection(one))]
        faults = [f"{one}: {why}" for one, why in found if not any(key in one for key in reasons)]
        faults += [
            f"a reason for nothing: {key}" for key in reasons if not any(key in one for one, _ in found)
        ]
        faults += [f"an empty reason: {key}" for key, reason in reasons.items() if not reason.strip()]
        self.tables |= {
            made[1]
            for one in statements
            if (made := re.match(r"create table (?:if not exists )?(?:public\.)?(\w+)", one))
        }
        return faults

    def objection(self, statement: str) -> str | None:
        for pattern, why in RULES:
            found = re.match(pattern, statement)
            if found and (not found["table"] or found["table"] in self.tables):
                return why
        return None


def normalised(sql: str) -> str:
    bare = re.sub(r"--[^\n]*", " ", sql)
    return " ".join(bare.lower().split())
