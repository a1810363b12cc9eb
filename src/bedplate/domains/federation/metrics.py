from bedplate.platform.telemetry.tallies import Tally

CHANGES = ("linked", "unlinked")

METRICS = (
    Tally(
        "identity_changes_total",
        "Providers' identities tied to accounts.",
        {f"identity.{change}": {"change": change} for change in CHANGES},
        {"change": CHANGES},
    ),
)
