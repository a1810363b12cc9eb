import msgspec
from sqlalchemy import bindparam, select

from bedplate.domains.plans.revisions.models import StoredDocument
from bedplate.domains.plans.revisions.schemas import DocumentView
from bedplate.domains.teams import in_callers_teams
from bedplate.platform.db import Listing, Read, Sort

_COLUMNS = (
    StoredDocument.id,
    StoredDocument.plan_id,
    StoredDocument.revision,
    StoredDocument.origin,
    StoredDocument.size,
    StoredDocument.sha256,
    StoredDocument.created_by,
    StoredDocument.created_at,
)
_MINE = in_callers_teams(StoredDocument.team_id)


class RawDocument(msgspec.Struct):
    raw: bytes
    sha256: str


DOCUMENT = Read(select(*_COLUMNS).where(StoredDocument.id == bindparam("document_id"), _MINE), DocumentView)
RAW = Read(
    select(StoredDocument.raw, StoredDocument.sha256).where(
        StoredDocument.id == bindparam("document_id"), _MINE
    ),
    RawDocument,
)
DOCUMENTS = Listing(
    "documents",
    select(*_COLUMNS).where(
        StoredDocument.plan_id == bindparam("plan_id"), StoredDocument.revision.is_not(None), _MINE
    ),
    DocumentView,
    sorts={"revision": Sort(columns=(StoredDocument.revision,), kinds=(int,))},
    default_sort="-revision",
    filters={"origin": StoredDocument.origin == bindparam("origin")},
)
