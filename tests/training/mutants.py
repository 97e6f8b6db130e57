"""Right training loops in several styles, each with mistakes that no fault page shows."""

from __future__ import annotations

from tests.programs import programs, wrong

STYLES = ("by_hand", "checkpoints", "dataset", "generator", "in_place", "plain", "threaded")
MUTANTS = {f"{style}-{name}": one for style in STYLES for name, one in wrong(f"loops/{style}").items()}
PLAIN = {name: one for name, one in MUTANTS.items() if name.startswith("plain-")}


def loop(style: str) -> str:
    """Return the right training loop in a style."""
    return programs(f"loops/{style}")["right"].source
