"""Draw the figure of ``docs/reference/verdicts.md``: recall and false accusations in each round."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from evaluation.rows import rows_of
from evaluation.verdicts import FIRST_SIGHT, ROUNDS, Share

if TYPE_CHECKING:
    from collections.abc import Iterator

SERIES = {"named": ("faults named", -14), "accused": ("right programs accused", 14)}
"""Questions to draw, with their labels and their offsets from the round, in pixels."""
WIDTH, TOP, HEIGHT, LEFT = 640, 54, 190, 56
STYLE = """
text { font: 13px system-ui, sans-serif; fill: #52514e } .n { fill: #0b0b0b } line { stroke: #e1e0d9 }
.named { fill: #2a78d6; stroke: #2a78d6 } .accused { fill: #eb6834; stroke: #eb6834 }
line.named, line.accused { stroke-width: 2 } svg { background: #fcfcfb }
@media (prefers-color-scheme: dark) {
  text { fill: #c3c2b7 } .n { fill: #ffffff } line { stroke: #2c2c2a } svg { background: #1a1a19 }
  .named { fill: #3987e5; stroke: #3987e5 } .accused { fill: #d95926; stroke: #d95926 }
}
"""


def svg() -> str:
    """Return the figure, which follows the page's light or dark mode."""
    what = "At first sight, by round: the share of programs whose faults were all named, and of right programs falsely accused."
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {TOP + HEIGHT + 44}" role="img">',
            f"<title>{escape(what)}</title>\n<style>{STYLE}</style>",
            *_parts(),
            "</svg>\n",
        ]
    )


def _parts() -> Iterator[str]:
    for tenths in range(0, 11, 2):
        y = _y(tenths / 10)
        yield f'<line x1="{LEFT}" x2="{WIDTH - 8}" y1="{y}" y2="{y}"/>'
        yield f'<text x="{LEFT - 8}" y="{y + 4}" text-anchor="end">{10 * tenths} %</text>'
    x = LEFT
    for question, (words, _) in SERIES.items():
        yield f'<circle class="{question}" cx="{x + 6}" cy="20" r="5"/><text x="{x + 18}" y="25">{words}</text>'
        x += 150
    rows = [row for row in rows_of(ROUNDS) if row["sight"] == FIRST_SIGHT and row["question"] in SERIES]
    names = list(dict.fromkeys(row["round"] for row in sorted(rows, key=lambda row: row["date"])))
    step = (WIDTH - LEFT) / len(names)
    for name in names:
        middle = LEFT + step * (names.index(name) + 0.5)
        yield f'<text x="{middle:.0f}" y="{TOP + HEIGHT + 26}" text-anchor="middle">{escape(name)}</text>'
        for row in (row for row in rows if row["round"] == name):
            yield _point(row["question"], middle + SERIES[row["question"]][1], Share(int(row["k"]), int(row["n"])))


def _point(question: str, x: float, share: Share) -> str:
    """Return the SVG of a share with its interval and counts."""
    low, high = map(_y, share.interval())
    side, anchor = (-9, "end") if question == "named" else (9, "start")
    y = _y(share.k / share.n)
    return (
        f'<line class="{question}" x1="{x:.0f}" x2="{x:.0f}" y1="{low}" y2="{high}"/>'
        f'<circle class="{question}" cx="{x:.0f}" cy="{y}" r="5"/>'
        f'<text class="n" x="{x + side:.0f}" y="{y + 4}" text-anchor="{anchor}">{share.k} of {share.n}</text>'
    )


def _y(share: float) -> int:
    return round(TOP + HEIGHT * (1 - share))
