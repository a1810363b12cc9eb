from bedplate.platform.telemetry.tallies import Tally

METRICS = (
    Tally(
        "factor_changes_total",
        "Second factors added and removed.",
        {"factor.added": {"change": "added"}, "factor.removed": {"change": "removed"}},
        {"kind": ("totp", "passkey"), "change": ("added", "removed")},
    ),
    Tally("factors_refused_total", "Second factors that were wrong.", {"factor.refused": {}}),
)
