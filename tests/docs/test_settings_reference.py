from pathlib import Path

from bedplate.settings.reference import settings_reference

PAGE = Path(__file__).parents[2] / "docs/reference/settings.md"


def test_the_page_is_what_the_code_says() -> None:
    assert PAGE.read_text() == settings_reference(), (
        "run `bedplate settings --markdown > docs/reference/settings.md`"
    )
