from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

WIDTH, HEIGHT, LEFT, TOP = 720, 110, 60, 24
LINE = 18


@dataclass(frozen=True)
class Curve:
    """A figure over seconds."""

    title: str
    points: Sequence[tuple[float, float]]


def picture(curves: Sequence[Curve], words: Sequence[str]) -> str:
    """Draw curves below each other, each from nought, and words under them."""
    height = len(curves) * (HEIGHT + TOP + LINE) + LINE * (len(words) + 1)
    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH + LEFT + 20} {height}"'
            ' font-family="sans-serif" font-size="12" role="img">'
        ),
        f"<title>{escape('; '.join(curve.title for curve in curves))}</title>",
        '<rect width="100%" height="100%" fill="#fff"/>',
    ]
    for place, curve in enumerate(curves):
        parts += _panel(curve, place * (HEIGHT + TOP + LINE) + TOP)
    foot = len(curves) * (HEIGHT + TOP + LINE) + LINE
    parts += [
        f'<text x="{LEFT}" y="{foot + LINE * n}" fill="#444">{escape(line)}</text>'
        for n, line in enumerate(words)
    ]
    return "\n".join([*parts, "</svg>"]) + "\n"


def _panel(curve: Curve, top: float) -> list[str]:
    end = max(at for at, _ in curve.points)
    most = max(value for _, value in curve.points) * 1.1 or 1.0
    bottom = top + HEIGHT
    line = " ".join(
        f"{LEFT + WIDTH * at / end:.1f},{bottom - HEIGHT * value / most:.1f}" for at, value in curve.points
    )
    return [
        f'<text x="{LEFT}" y="{top - 6}" font-weight="bold">{escape(curve.title)}</text>',
        f'<path d="M{LEFT} {top}V{bottom}H{LEFT + WIDTH}" fill="none" stroke="#999"/>',
        f'<text x="{LEFT - 6}" y="{top + 10}" text-anchor="end">{most:.0f}</text>',
        f'<text x="{LEFT - 6}" y="{bottom}" text-anchor="end">0</text>',
        f'<text x="{LEFT + WIDTH}" y="{bottom + 14}" text-anchor="end">{end:.0f} s</text>',
        f'<polyline points="{line}" fill="none" stroke="#0b6" stroke-width="1.5"/>',
    ]
