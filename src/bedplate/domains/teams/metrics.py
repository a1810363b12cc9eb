from bedplate.platform.telemetry.tallies import Tally

OUTCOMES = ("created", "accepted", "declined", "withdrawn")

METRICS = (
    Tally("teams_created_total", "Teams made, personal ones too.", {"team.created": {}}),
    Tally(
        "invitations_total",
        "Invitations into teams, and what came of them.",
        {f"team.invitation_{outcome}": {"outcome": outcome} for outcome in OUTCOMES},
        {"outcome": OUTCOMES},
    ),
)
