from bedplate.platform.telemetry.tallies import Tally

CHANGES = ("created", "updated", "rotated", "revoked")

METRICS = (
    Tally(
        "api_key_changes_total",
        "What happened to API keys.",
        {f"api_key.{change}": {"change": change} for change in CHANGES},
        {"change": CHANGES},
    ),
)
