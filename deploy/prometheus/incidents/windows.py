"""The shipped rules with their windows shortened: what takes hours in earnest takes seconds here.

Expressions, thresholds and labels stay as they are.
"""

import re
from pathlib import Path

RULES = Path(__file__).parents[1] / "rules"
SHORT = {
    "5m": "15s",
    "10m": "15s",
    "15m": "20s",
    "30m": "30s",
    "1h": "20s",
    "2h": "20s",
    "6h": "25s",
    "1d": "60s",
    "3d": "40s",
}
_RANGE = re.compile(r"\[(\w+)\]")
_FOR = re.compile(r"\bfor: \w+")
_ALERT = re.compile(r"- alert: (\w+)")

CONFIG = """\
global: {{scrape_interval: 2s, scrape_timeout: 2s, evaluation_interval: 1s}}
rule_files: [rules/*.yaml]
scrape_configs:
  - job_name: bedplate-api
    metrics_path: {path}
    static_configs: [{{targets: ["{service}"]}}]
  - job_name: neighbours
    static_configs: [{{targets: ["{neighbours}"]}}]
"""


def alerts() -> list[str]:
    """Every alert that is shipped, once."""
    found = (
        name for path in sorted(RULES.glob("*.yaml")) for name in _ALERT.findall(path.read_text("utf-8"))
    )
    return list(dict.fromkeys(found))


def write(folder: Path, *, metrics: str, neighbours: str) -> None:
    """Write rules and configuration; `metrics` is the service's page as a URL, `neighbours` host and port."""
    rules = folder / "rules"
    rules.mkdir(parents=True)
    for path in RULES.glob("*.yaml"):
        text = _RANGE.sub(lambda found: f"[{SHORT[found[1]]}]", path.read_text("utf-8"))
        (rules / path.name).write_text(_FOR.sub("for: 2s", text), "utf-8")
    service, _, page = metrics.removeprefix("http://").partition("/")
    (folder / "prometheus.yaml").write_text(
        CONFIG.format(path=f"/{page}", service=service, neighbours=neighbours), "utf-8"
    )
