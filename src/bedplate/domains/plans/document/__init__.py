"""Living documents, pure: read, analyse, write and merge them without a server or a database.

`reading` turns bytes into a `Document`; its `content` is what `analysis` works on, and rows make the same
`Content`; `writing` puts changes back into the bytes; `merging` pairs and merges two revisions with the rows.
"""

from bedplate.domains.plans.document.analysis.findings import findings, findings_of
from bedplate.domains.plans.document.reading.reader import Document, parse

__all__ = ["Document", "findings", "findings_of", "parse"]
