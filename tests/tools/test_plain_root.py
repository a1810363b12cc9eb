"""How the Containerfile is read by what runs its steps without an engine; the rest is `.ci/plain-root` itself."""

import runpy
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def stages():
    module = "plain_root_instructions"
    sys.modules[module] = type(sys)(module)  # a dataclass asks for the module it is in
    yield runpy.run_path(str(ROOT / "tools/plain_root/instructions.py"), run_name=module)["stages"]
    del sys.modules[module]


def test_every_step_of_the_containerfile_is_taken_in_its_order(stages):
    text = (ROOT / "Containerfile").read_text()
    build, last = stages(text)
    written = [line.split()[0] for line in text.splitlines() if line.startswith(("RUN", "COPY", "WORKDIR"))]
    assert [name for stage in (build, last) for name, *_ in stage.steps] == written
    assert build.name == "build"
    assert {seen["UV_PROJECT_ENVIRONMENT"] for name, _, seen in build.steps if name == "RUN"} == {"/service"}
    assert last.environment["PATH"].startswith("/service/bin:/usr/local/bin:")
    assert {"USER", "ENTRYPOINT", "HEALTHCHECK"} <= last.said.keys()


def test_an_instruction_that_is_not_known_stops_it(stages):
    with pytest.raises(ValueError, match="ADD is not known"):
        stages("FROM one\nADD two three\n")
