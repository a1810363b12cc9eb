from pathlib import Path

import pytest

from bedplate.domains.plans.document import Document, parse

_SAMPLE = Path(__file__).parents[3] / "data" / "enterprise-baseline.md"


@pytest.fixture(scope="session")
def sample() -> bytes:
    return _SAMPLE.read_bytes()


@pytest.fixture(scope="session")
def document(sample: bytes) -> Document:
    return parse(sample)
