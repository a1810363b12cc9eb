"""The command line: our commands first, each imported when it is called, then Litestar's own."""

import sys

from bedplate.cli.group import bedplate_group


def main() -> None:
    """Run a command; what a user can mend ends in one line and exit code 2."""
    try:
        bedplate_group(prog_name="bedplate")
    except Exception as fault:
        # Imported once something failed: the drivers, whose errors it knows, make up half of a short command's time.
        from bedplate.cli.faults import USER_FAULTS, one_line

        if not isinstance(fault, USER_FAULTS):
            raise
        sys.stderr.write(f"bedplate: {one_line(fault)}\n")
        sys.exit(2)


__all__ = ["bedplate_group", "main"]
