from functools import lru_cache
from html import escape
from importlib.resources import files
from string import Template

import msgspec


class Letter(msgspec.Struct, frozen=True, kw_only=True):
    """A mail's template: `$name` places are filled in, escaped where they land in HTML.

    `link` is the label of a button whose address comes with the mail; without one there is no button.
    """

    subject: str
    paragraphs: tuple[str, ...]
    link: str = ""
    closing: tuple[str, ...] = ()


class Mail(msgspec.Struct, frozen=True, kw_only=True):
    """A mail ready to leave, as text and as HTML."""

    to: str
    subject: str
    text: str
    html: str


def compose(letter: Letter, to: str, values: dict[str, str], link: str = "") -> Mail:
    """Fill in a letter.

    Raises:
        KeyError: a place has no value.
    """
    # A line break in a subject would begin a header of the sender's choosing.
    plain = {name: " ".join(value.split()) for name, value in values.items()}
    safe = {name: escape(value) for name, value in plain.items()}
    subject = Template(letter.subject).substitute(plain)
    action = Template(_layout("action.html")).substitute(label=escape(letter.link), link=escape(link))
    body = "".join((_html(letter.paragraphs, safe), action if link else "", _html(letter.closing, safe)))
    html = Template(_layout("mail.html")).substitute(subject=escape(subject), body=body)
    lines = [
        Template(line).substitute(plain) for line in (*letter.paragraphs, *_action(link), *letter.closing)
    ]
    return Mail(to=to, subject=subject, text="\n\n".join(lines) + "\n", html=html)


def _html(paragraphs: tuple[str, ...], values: dict[str, str]) -> str:
    return "".join(f"<p>{Template(escape(line, quote=False)).substitute(values)}</p>" for line in paragraphs)


def _action(link: str) -> tuple[str, ...]:
    return (link.replace("$", "$$"),) if link else ()


@lru_cache(maxsize=4)
def _layout(name: str) -> str:
    return files("bedplate.platform.mail").joinpath("templates", name).read_text("utf-8")
