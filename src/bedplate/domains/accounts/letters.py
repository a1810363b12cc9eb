from collections.abc import Mapping
from typing import Literal

from bedplate.platform.mail import Letter

type LetterName = Literal[
    "verify_email",
    "change_email",
    "email_changed",
    "signup_known",
    "change_known",
    "reset_password",
    "password_changed",
    "password_disabled",
    "new_device",
    "sessions_ended",
    "factor_added",
    "factor_removed",
    "identity_linked",
    "team_invitation",
    "deleted",
]

NOT_YOU = "If this was not you, reset your password at once and end the sessions that you do not know."

LETTERS: Mapping[LetterName, Letter] = {
    "verify_email": Letter(
        subject="Verify your e-mail address",
        paragraphs=(
            "Hello $name,",
            "an account was opened with this address. Please confirm that it is yours.",
        ),
        link="Verify the address",
        closing=(
            "The link works for a day. If you did not sign up, do nothing: nobody can use your address.",
        ),
    ),
    "change_email": Letter(
        subject="Confirm your new e-mail address",
        paragraphs=("Hello $name,", "please confirm that this address shall be the one of your account."),
        link="Use this address",
        closing=("The link works for a day. If you did not ask for this, do nothing.",),
    ),
    "email_changed": Letter(
        subject="The e-mail address of your account was changed",
        paragraphs=(
            "Hello $name,",
            "your account now has another address; this is the last mail to this one.",
        ),
        closing=("If this was not you, write to whoever runs this service.",),
    ),
    "signup_known": Letter(
        subject="You already have an account",
        paragraphs=(
            "Hello $name,",
            "somebody, perhaps you, tried to sign up with this address, which has an account already.",
            "Sign in to it, or reset your password if you do not remember it.",
        ),
        closing=("If it was not you, do nothing: no second account was opened.",),
    ),
    "change_known": Letter(
        subject="Your e-mail address was entered for another account",
        paragraphs=(
            "Hello $name,",
            "somebody tried to give this address, which is yours, to another account.",
        ),
        closing=("Nothing was changed.",),
    ),
    "reset_password": Letter(
        subject="Reset your password",
        paragraphs=("Hello $name,", "somebody, perhaps you, asked for a new password."),
        link="Choose a new password",
        closing=("The link works for an hour and once. If you did not ask for it, do nothing.",),
    ),
    "password_changed": Letter(
        subject="Your password was changed",
        paragraphs=("Hello $name,", "your password was changed, and your other sessions were ended."),
        closing=(NOT_YOU,),
    ),
    "password_disabled": Letter(
        subject="Signing in by password is switched off",
        paragraphs=(
            "Hello $name,",
            "too many wrong passwords in a row were entered, so signing in by password is switched off.",
            "Other ways to sign in to your account work as before.",
        ),
        closing=("To switch it on again, reset your password.",),
    ),
    "new_device": Letter(
        subject="A new sign-in to your account",
        paragraphs=("Hello $name,", "somebody signed in from $address with $device."),
        closing=(NOT_YOU,),
    ),
    "sessions_ended": Letter(
        subject="A session of yours was ended for safety",
        paragraphs=(
            "Hello $name,",
            "a credential of one of your sessions was used twice, as if it had been copied. That session is over.",
        ),
        closing=(NOT_YOU,),
    ),
    "factor_added": Letter(
        subject="A second factor was added to your account",
        paragraphs=("Hello $name,", "a $factor was added to your account."),
        closing=(NOT_YOU,),
    ),
    "factor_removed": Letter(
        subject="A second factor was removed from your account",
        paragraphs=("Hello $name,", "a $factor was removed from your account."),
        closing=(NOT_YOU,),
    ),
    "identity_linked": Letter(
        subject="Another way to sign in to your account",
        paragraphs=("Hello $name,", "signing in by $provider was $change for your account."),
        closing=(NOT_YOU,),
    ),
    "team_invitation": Letter(
        subject="You are asked to join a team",
        paragraphs=("Hello,", "$name asks you to join the team $team."),
        link="Answer the invitation",
        closing=("The link works for seven days and once, for the account of this address.",),
    ),
    "deleted": Letter(
        subject="Your account will be erased",
        paragraphs=("Hello $name,", "your account is closed, and will be erased on $day."),
        link="Keep the account",
        closing=("Until then the link brings it back.",),
    ),
}
PAGES: Mapping[str, str] = {
    "verify_email": "email/verify",
    "change_email": "email/verify",
    "reset_password": "password/reset",
    "team_invitation": "invitation",
    "deleted": "restore",
}
"""The page, below the links' base, that a letter's button opens."""
