"""The image's recipe: what a linter would say, and that an installation without the checkout has its migrations."""

import json
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from documents import ROOT

KNOWN = {
    "FROM",
    "RUN",
    "COPY",
    "ENV",
    "WORKDIR",
    "LABEL",
    "USER",
    "EXPOSE",
    "STOPSIGNAL",
    "HEALTHCHECK",
    "ENTRYPOINT",
    "CMD",
}
TEXT = (ROOT / "Containerfile").read_text()


def instructions() -> list[tuple[str, str]]:
    joined = re.sub(r"\\\n", " ", re.sub(r"^#.*\n", "", TEXT, flags=re.MULTILINE))
    lines = [line.strip() for line in joined.split("\n") if line.strip()]
    return [(line.partition(" ")[0], line.partition(" ")[2].strip()) for line in lines]


STAGES = [index for index, (name, _) in enumerate(instructions()) if name == "FROM"]
LAST = instructions()[STAGES[-1] :]


def values(name: str, within: list[tuple[str, str]]) -> list[str]:
    return [value for instruction, value in within if instruction == name]


def test_it_has_known_instructions_alone() -> None:
    assert {name for name, _ in instructions()} <= KNOWN


def test_it_ends_as_a_user_without_rights() -> None:
    assert [int(user) > 0 for user in values("USER", LAST)[-1].split(":")] == [True, True]


def test_images_are_of_a_stated_version() -> None:
    images = [value.split()[0] for value in values("FROM", instructions())]
    images += re.findall(r"--from=(\S+/\S+)", TEXT)
    assert images
    assert all(re.search(r":\d[\w.-]*(@sha256:[0-9a-f]{64})?$", image) for image in images), images


def test_it_installs_what_the_lock_says_and_nothing_for_development() -> None:
    syncs = re.findall(r"uv sync[^\n]*", TEXT)
    assert len(syncs) == 2
    for sync in syncs:
        assert {"--locked", "--no-dev", "--no-editable"} <= set(sync.split())
    assert not re.search(r"\b(apt-get|pip) install|\bcurl\b|\bwget\b|\bADD\b", TEXT)


def test_bytecode_does_not_bear_the_time_of_the_build() -> None:
    assert "PYC_INVALIDATION_MODE=UNCHECKED_HASH" in " ".join(values("ENV", instructions()[: STAGES[-1]]))


def test_what_builds_the_wheel_is_locked_too() -> None:
    locked = tomllib.loads((ROOT / "uv.lock").read_text())
    [backend] = [one for one in locked["package"] if one["name"] == "hatchling"]
    constrained = {one["name"]: one["specifier"] for one in locked["manifest"]["build-constraints"]}
    assert constrained.keys() == {"hatchling", *(one["name"] for one in backend["dependencies"])}
    assert all(specifier.startswith("==") for specifier in constrained.values())


def test_it_holds_no_secret() -> None:
    assert not re.search(r"(?i)(secret|password|token|api_?key)\w*\s*=", TEXT)
    assert not re.search(r"BEDPLATE_(DATABASE|REDIS|AUTH)_\w+=", TEXT)


def test_the_last_stage_takes_only_the_environment_from_the_first() -> None:
    assert values("COPY", LAST) == ["--from=build /service /service"]


def test_commands_need_no_shell() -> None:
    for name in ("ENTRYPOINT", "CMD"):
        assert json.loads(values(name, LAST)[-1])
    assert json.loads(values("HEALTHCHECK", LAST)[-1].partition("CMD ")[2])
    assert values("STOPSIGNAL", LAST) == ["SIGTERM"]


def test_the_context_is_named_file_by_file() -> None:
    lines = (ROOT / ".containerignore").read_text().split()
    assert lines[0] == "*"
    copied = {word for value in values("COPY", instructions()[: STAGES[-1]]) for word in value.split()[:-1]}
    assert {f"!{word}" for word in copied if not word.startswith(("--", "/"))} <= set(lines)


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel as the image gets it, unpacked; built by the backend, offline."""
    folder = tmp_path_factory.mktemp("wheel")
    build = "from hatchling.build import build_wheel; print(build_wheel(__import__('sys').argv[1]))"
    done = subprocess.run(
        [sys.executable, "-c", build, str(folder)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    with zipfile.ZipFile(folder / done.stdout.strip()) as wheel:
        wheel.extractall(folder / "site")
    return folder / "site"


def test_an_installation_finds_its_own_migrations(unpacked: Path) -> None:
    look = "from bedplate.platform import revisions; print(revisions.scripts_folder(), revisions.head())"
    done = subprocess.run(
        [sys.executable, "-c", look],
        env={"PYTHONPATH": str(unpacked)},
        cwd=unpacked,
        capture_output=True,
        text=True,
        check=True,
    )
    from bedplate.platform import revisions

    assert done.stdout.split() == [str(unpacked / "bedplate/db"), revisions.head()]
    assert (unpacked / "bedplate/db/roles.sql").is_file()
