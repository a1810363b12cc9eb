from functools import cache

from litestar import Litestar

from bedplate.app import create_app
from bedplate.cli.offline import offline_settings


@cache
def service() -> Litestar:
    """The application as it is documented: no server behind it."""
    return create_app(offline_settings())
