from bedplate.platform.telemetry.tallies import Tally

METHODS = (
    "password",
    "passkey",
    "password+totp",
    "password+passkey",
    "password+recovery_code",
    "provider",
)

METRICS = (
    Tally(
        "signups_total",
        "Accounts made.",
        {"account.created": {}},
        {"method": ("password", "provider")},
    ),
    Tally(
        "sign_ins_total",
        "Sign-ins; a method that is none of the house's is a provider's.",
        {
            "session.created": {"outcome": "succeeded"},
            "session.login_failed": {"outcome": "refused", "method": "password"},
        },
        {"method": METHODS, "outcome": ("succeeded", "refused")},
        otherwise="provider",
    ),
    Tally(
        "sessions_ended_total",
        "Sessions that ended before their time, by why.",
        {"session.revoked": {}},
        {
            "because": (
                "logout",
                "revoked",
                "password_changed",
                "password_reset",
                "disabled",
                "deleted",
                "taken_over",
                "other",
            )
        },
    ),
    Tally(
        "refresh_tokens_reused_total",
        "Spent refresh tokens that came back: each one ended its sign-in.",
        {"session.refresh_reuse": {}},
    ),
)
