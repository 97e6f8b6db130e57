"""Right training loops in several styles, and each with mistakes that no page of a fault shows: ``loops/*.toml``."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

LOOPS = {
    path.stem: tomllib.loads(path.read_text(encoding="utf-8"))
    for path in sorted((Path(__file__).parent / "loops").glob("*.toml"))
}
STYLES = tuple(LOOPS)


def loop(style: str) -> str:
    """A right training loop."""
    return LOOPS[style]["right"]


@dataclass(frozen=True)
class Mutant:
    """A right loop with a mistake: pieces of its text exchanged, and the fault that it then has."""

    style: str
    code: str
    edits: tuple[tuple[str, str], ...]
    variant: str = ""

    @property
    def name(self) -> str:
        return "-".join(filter(None, [self.style, self.code, self.variant]))

    @property
    def source(self) -> str:
        text = loop(self.style)
        for old, new in self.edits:
            assert text.count(old) == 1, f"{self.name}: {old!r} stands {text.count(old)} times"
            text = text.replace(old, new)
        return text


MUTANTS = tuple(
    Mutant(
        style,
        wrong["code"],
        tuple((old, new) for old, new in wrong["edits"]),
        wrong.get("variant", ""),
    )
    for style, terms in LOOPS.items()
    for wrong in terms.get("wrong", [])
)
PLAIN = tuple(mutant for mutant in MUTANTS if mutant.style == "plain")
