from typing import cast

from advanced_alchemy.base import ModelProtocol
from advanced_alchemy.repository import SQLAlchemyAsyncRepository
from advanced_alchemy.service import SQLAlchemyAsyncRepositoryService
from sqlalchemy.ext.asyncio import AsyncSession


class RepositoryService[M: ModelProtocol](SQLAlchemyAsyncRepositoryService[M, SQLAlchemyAsyncRepository[M]]):
    """advanced-alchemy's repository service on the request's transaction, `self.session`."""

    @property
    def session(self) -> AsyncSession:
        """The transaction it writes in."""
        return cast("AsyncSession", self.repository.session)
