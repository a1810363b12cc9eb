from bedplate.platform.telemetry.tallies import Tally

CHANGES = ("assigned", "withdrawn")

METRICS = (
    Tally(
        "role_changes_total",
        "Roles given to people and taken from them.",
        {f"role.{change}": {"change": change} for change in CHANGES},
        {"change": CHANGES},
    ),
)
