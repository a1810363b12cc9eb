from collections.abc import Iterable, Sequence


def header(title: str, about: str) -> str:
    """Begin a generated page."""
    note = "*Written from the code by `python -m tools.reference`; a test keeps it current.*"
    return f"# {title}\n\n{about}\n\n{note}\n"


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Write a table; a cell may hold anything but a line break."""
    lines = [columns, ["---"] * len(columns), *([cell.replace("|", "\\|") for cell in row] for row in rows)]
    return "\n".join(
        f"| {' | '.join(line)} |" if line[0] != "---" else f"|{'|'.join(line)}|" for line in lines
    )


def code(text: str) -> str:
    return f"`{text}`" if text else ""
