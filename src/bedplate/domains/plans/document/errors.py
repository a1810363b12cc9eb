"""What can be wrong with a document as such; the domain turns these into answers."""


class DocumentNotUtf8(ValueError):  # noqa: N818 - named as the domain speaks of it
    """The bytes are not UTF-8; `offset` is that of the first byte that is not."""

    def __init__(self, offset: int) -> None:
        super().__init__(f"The document is not UTF-8: byte {offset} does not belong to any character.")
        self.offset = offset


class ChangeNotPossible(ValueError):  # noqa: N818
    """A change names an entity or a field that the document has not."""


class GraphCycle(ValueError):  # noqa: N818
    """The dependencies close a cycle; `path` names its vertices, the first one again at the end."""

    def __init__(self, path: tuple[str, ...]) -> None:
        super().__init__("The dependencies form a cycle: " + " → ".join(path))
        self.path = path
