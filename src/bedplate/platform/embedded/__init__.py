"""PostgreSQL and Valkey from installed packages, for `bedplate up` and the tests.

Nothing but Python is needed; production brings its own servers by their URLs.
"""

from bedplate.platform.embedded.engines import Engines, EngineUrls, running
from bedplate.platform.embedded.errors import EmbeddedError

__all__ = ["EmbeddedError", "EngineUrls", "Engines", "running"]
