from bedplate.platform.telemetry.tallies import Tally

CHANGES = (
    "deleted",
    "restored",
    "erased",
    "disabled",
    "enabled",
    "email_verified",
    "email_changed",
    "password_changed",
    "password_reset_requested",
    "password_reset",
    "password_disabled",
    "taken_over",
)

METRICS = (
    Tally(
        "account_changes_total",
        "What happened to accounts.",
        {f"account.{change}": {"change": change} for change in CHANGES},
        {"change": CHANGES},
    ),
)
