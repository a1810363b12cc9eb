"""Which release is the former one, and what a process that broke is quoted with; the rest is `.ci/old-code` itself."""

import runpy
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / ".ci/old-code"
VERSIONS = "db/migrations/versions"
NOBODY = ("-c", "user.name=Owner", "-c", "user.email=owner@team.example", "-c", "commit.gpgsign=false")


class Checkout:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / ".ci").mkdir()
        (folder / VERSIONS).mkdir(parents=True)
        shutil.copy2(SCRIPT, folder / ".ci/old-code")
        self.run("git", "init", "--quiet")

    def run(self, *command: str) -> str:
        ended = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, check=True)
        return ended.stdout.strip()

    def commit(self, path: str) -> str:
        (self.folder / path).write_text("")
        self.run("git", "add", "--all")
        self.run("git", *NOBODY, "commit", "--quiet", "--message", path)
        return self.run("git", "rev-parse", "HEAD")

    def former(self) -> str:
        return self.run(".ci/old-code", "--which")


def test_the_former_release_is_the_newest_tag_before_else_the_code_without_the_newest_migration(
    tmp_path: Path,
) -> None:
    checkout = Checkout(tmp_path)
    checkout.commit(f"{VERSIONS}/0001_one.py")
    assert checkout.former().startswith("skipped: there is no former release")
    without = checkout.commit("code")
    checkout.commit(f"{VERSIONS}/0002_two.py")
    checkout.commit("more code")
    assert checkout.former() == without
    checkout.run("git", "tag", "v0.1.0")
    assert checkout.former() == without
    checkout.commit("newer code")
    assert checkout.former() == "v0.1.0"
    checkout.run("git", "tag", "v0.2.0")
    assert checkout.former() == "v0.1.0"
    (tmp_path / VERSIONS / "0003_being_written.py").write_text("")
    assert checkout.former() == "v0.2.0"


def test_what_broke_is_quoted_in_a_line() -> None:
    last_error = runpy.run_path(str(ROOT / "tools/old_code/failure.py"))["last_error"]
    trace = r'{"exception":"Trace\n  File\nsome.db.MissingError: no column \"x\" here\n[SQL]"}'
    assert last_error(f"plain\n{trace}\n") == r"some.db.MissingError: no column \"x\" here"
    assert last_error("address already in use\n") == "address already in use"
    assert last_error("") == ""
