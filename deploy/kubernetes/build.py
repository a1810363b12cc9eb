"""Write the Prometheus operator's form of deploy/prometheus/rules: `python deploy/kubernetes/build.py`."""

from pathlib import Path

HERE = Path(__file__).parent
TARGET = HERE / "base/service/rules.yaml"
HEAD = """\
# Written by deploy/kubernetes/build.py from deploy/prometheus/rules, whose tests are beside them.
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata: {name: bedplate}
spec:
  groups:
"""


def render() -> str:
    """One resource with the groups of every file, as they are written there."""
    parts = [HEAD]
    for file in sorted((HERE.parent / "prometheus/rules").glob("*.yaml")):
        _, _, groups = file.read_text("utf-8").partition("\ngroups:\n")
        parts += [f"  {line}".rstrip() + "\n" for line in groups.splitlines()]
    return "".join(parts)


if __name__ == "__main__":
    TARGET.write_text(render(), "utf-8")
