import re
import shlex
from dataclasses import dataclass, field

DONE = {"FROM", "RUN", "COPY", "ENV", "WORKDIR", "USER", "HEALTHCHECK", "ENTRYPOINT", "CMD"}
ONLY_SAID = {"LABEL", "EXPOSE", "STOPSIGNAL"}
"""What an engine writes into the image's description, and what has no meaning in a plain root."""


@dataclass
class Stage:
    """From one FROM to the next; `steps` are RUN, COPY and WORKDIR in order, each with the environment it sees."""

    name: str
    image: str
    environment: dict[str, str] = field(default_factory=dict[str, str])
    steps: list[tuple[str, str, dict[str, str]]] = field(
        default_factory=list[tuple[str, str, dict[str, str]]]
    )
    said: dict[str, str] = field(default_factory=dict[str, str])


def stages(text: str) -> list[Stage]:
    """Read a Containerfile.

    Raises:
        ValueError: for an instruction that is not known here, which would otherwise be left out unseen
    """
    found: list[Stage] = []
    for line in _lines(text):
        name, _, value = line.partition(" ")
        if name not in DONE | ONLY_SAID:
            raise ValueError(f"{name} is not known to tools/plain_root: teach it, or leave it out")
        if name == "FROM":
            image, _, alias = value.partition(" AS ")
            found.append(Stage(alias.strip(), image.strip()))
        elif name == "ENV":
            stage = found[-1]
            for pair in shlex.split(value):
                key, _, given = pair.partition("=")
                stage.environment[key] = given.replace("$PATH", "/usr/local/bin:/usr/bin:/bin")
        elif name in {"RUN", "COPY", "WORKDIR"}:
            found[-1].steps.append((name, value.strip(), dict(found[-1].environment)))
        else:
            found[-1].said[name] = value.strip()
    return found


def _lines(text: str) -> list[str]:
    without = re.sub(r"^\s*#.*\n", "", text, flags=re.MULTILINE)
    return [line.strip() for line in re.sub(r"\\\n", " ", without).split("\n") if line.strip()]
