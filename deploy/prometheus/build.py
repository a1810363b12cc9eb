"""Writes rules/slo.yaml from slo.toml: recording rules, and burn-rate alerts of several windows.

After the multi-window, multi-burn-rate scheme of the SRE Workbook, chapter 5: an alert needs a long window, which
says that budget really went, and a short one, which ends it soon after the cause has gone.
"""

import sys
import tomllib
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
WINDOWS = ("5m", "30m", "1h", "2h", "6h", "1d", "3d")
BURNS = (
    (14.4, "1h", "5m", "page", "2 % of a month's budget in an hour"),
    (6, "6h", "30m", "page", "5 % of a month's budget in six hours"),
    (3, "1d", "2h", "ticket", "10 % of a month's budget in a day"),
    (1, "3d", "6h", "ticket", "10 % of a month's budget in three days"),
)


def rules(slos: list[dict[str, Any]]) -> str:
    """Render the rules file."""
    lines = ["# Written by build.py from slo.toml; edit that.", "groups:"]
    for slo in slos:
        lines += [f"  - name: slo_{slo['name']}", "    rules:"]
        lines += [line for window in WINDOWS for line in _recording(slo, window)]
        lines += [line for burn in BURNS for line in _alert(slo, *burn)]
    return "\n".join(lines) + "\n"


def _ratio(slo: dict[str, Any], window: str) -> str:
    return f"slo:{slo['name']}:bad_ratio_rate{window}"


def _recording(slo: dict[str, Any], window: str) -> list[str]:
    bad, total = (" ".join(slo[part].split()).replace("{w}", window) for part in ("bad", "total"))
    return [
        f"      - record: {_ratio(slo, window)}",
        "        expr: |-",
        f"          ({bad}) / ({total} > 0)",
    ]


def _alert(slo: dict[str, Any], factor: float, long: str, short: str, severity: str, means: str) -> list[str]:
    limit = f"({factor} * {1 - slo['objective']:.6g})"
    return [
        f"      - alert: {slo['alert']}",
        f"        expr: {_ratio(slo, long)} > {limit} and {_ratio(slo, short)} > {limit}",
        "        labels:",
        f"          severity: {severity}",
        f"          slo: {slo['name']}",
        f"          window: {long}",
        "        annotations:",
        f'          summary: "{slo["promise"]}: this went wrong {factor} times too often; {means}."',
        f"          runbook: docs/runbooks/{slo['alert']}.md",
    ]


def main() -> None:
    """Write the file, or with --check say whether it is current."""
    text = rules(tomllib.loads((HERE / "slo.toml").read_text("utf-8"))["slo"])
    target = HERE / "rules" / "slo.yaml"
    if "--check" in sys.argv:
        sys.exit(
            0
            if target.read_text("utf-8") == text
            else "rules/slo.yaml is not what slo.toml says; run build.py"
        )
    target.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
