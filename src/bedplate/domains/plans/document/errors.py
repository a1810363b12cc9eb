"""What can be wrong with a document as such; the domain turns these into answers."""

from collections.abc import Sequence


class DocumentNotUtf8(ValueError):  # noqa: N818 - named as the domain speaks of it
    """The bytes are not UTF-8; `offset` is that of the first byte that is not."""

    def __init__(self, offset: int) -> None:
        super().__init__(f"The document is not UTF-8: byte {offset} does not belong to any character.")
        self.offset = offset


class GraphCycle(ValueError):  # noqa: N818
    """The dependencies close a cycle; `path` names its vertices, the first one again at the end."""

    def __init__(self, path: tuple[str, ...]) -> None:
        super().__init__("The dependencies form a cycle: " + " → ".join(path))
        self.path = path


class MergeConflict(ValueError):  # noqa: N818
    """Document and data changed the same things differently; `conflicts` says which."""

    def __init__(self, conflicts: Sequence[object]) -> None:
        super().__init__(f"{len(conflicts)} conflicts between the document and the data.")
        self.conflicts = tuple(conflicts)
