"""The command line: our commands first, each imported when it is called, then Litestar's own."""

import sys

from bedplate.cli.group import bedplate_group


def main() -> None:
    """Run a command; what a user can mend ends in one line and exit code 2."""
    from bedplate.cli.faults import USER_FAULTS, one_line

    try:
        bedplate_group(prog_name="bedplate")
    except USER_FAULTS as fault:
        sys.stderr.write(f"bedplate: {one_line(fault)}\n")
        sys.exit(2)


__all__ = ["bedplate_group", "main"]
