from typing import Any

import msgspec
from litestar import Request, Response, Router, get
from litestar._openapi.schema_generation import SchemaCreator
from litestar.datastructures import ResponseHeader
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import Components, Schema, SecurityScheme
from litestar.plugins import OpenAPISchemaPlugin
from litestar.status_codes import HTTP_404_NOT_FOUND
from litestar.types import Method
from litestar.typing import FieldDefinition

from bedplate.platform.auth.access import PUBLIC
from bedplate.platform.errors import NotFound
from bedplate.platform.http.docs_page import POLICY, DocsPage
from bedplate.platform.http.documented import documented


class RawJson(OpenAPISchemaPlugin):
    """Documents a `msgspec.Raw` field as what it is: any JSON value."""

    @staticmethod
    def is_plugin_supported_type(value: Any) -> bool:
        return value is msgspec.Raw

    def to_openapi_schema(self, field_definition: FieldDefinition, schema_creator: SchemaCreator) -> Schema:  # noqa: ARG002
        return Schema(description="Any JSON value")


class DocumentPage(JsonRenderPlugin):
    """The document below the docs, the same as at `/openapi.json`."""

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:  # noqa: ARG002 - Litestar's interface
        return self.render_json(request, documented(request.app))


def openapi_config(title: str, version: str, description: str) -> OpenAPIConfig:
    """OpenAPI 3.1: the page at `/docs`, the document at `/docs/openapi.json`, nothing from outside."""
    page = DocsPage()
    return OpenAPIConfig(
        title=title,
        version=version,
        description=description,
        render_plugins=[page, DocumentPage()],
        openapi_router=Router(
            "/docs",
            route_handlers=[],
            include_in_schema=False,
            opt={"access": PUBLIC},
            after_request=_not_found_as_problem,
            response_headers=[ResponseHeader(name="Content-Security-Policy", value=POLICY)],
        ),
        components=Components(
            security_schemes={
                "bearer": SecurityScheme(
                    type="http",
                    scheme="bearer",
                    bearer_format="JWT",
                    description="An access token or an API key",
                )
            }
        ),
        security=[{"bearer": []}],
        use_handler_docstrings=True,
        operation_id_creator=operation_id,
    )


def operation_id(handler: HTTPRouteHandler, _method: Method, path: list[Any]) -> str:
    """The handler's own name, so that generated clients read well; with the suffix where paths differ by it."""
    _, dot, suffix = str(path[-1]).rpartition(".") if path else ("", "", "")
    return f"{handler.handler_name}_{suffix}" if dot and len(handler.paths) > 1 else handler.handler_name


def _not_found_as_problem(response: Response[Any]) -> Response[Any]:
    # Litestar answers an unknown page below the docs with HTML of its own; here every refusal has one shape.
    if response.status_code == HTTP_404_NOT_FOUND:
        raise NotFound
    return response


@get(
    "/openapi.json",
    access=PUBLIC,
    include_in_schema=False,
    sync_to_thread=False,
    media_type="application/json",
)
def get_openapi_document(request: Request[Any, Any, Any]) -> Response[dict[str, Any]]:
    """The OpenAPI document where clients look for it first."""
    return Response(documented(request.app), headers={"Cache-Control": "public, max-age=300"})
