"""Mistakes that fit any right training loop: a loop and an operator make a wrong loop.

The loop's text stays unchanged. Its `train` is called with arguments, arrays and a session that contain the mistake: in what
is fed, evaluated or returned. So each operator fits each loop, and the effect is that of a student's mistake in that loop.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

from tests.programs import programs
from tests.training.mutants import STYLES, loop

TABLE = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Operator:
    """A mistake: its code, whether it is only remarked on, and pieces of Python for the `wrapper` of the table."""

    code: str
    step: str = "pass"
    look: str = "pass"
    before: str = "pass"
    after: str = "pass"
    variant: str = ""
    remark: bool = False

    @property
    def name(self) -> str:
        return "-".join(filter(None, [self.code, self.variant]))

    def applied_to(self, source: str) -> str:
        return str(TABLE["wrapper"]).format(
            source=source, step=self.step, look=self.look, before=self.before, after=self.after
        )


OPERATORS = tuple(Operator(**row) for row in TABLE["operators"])

# Loops that do not take steps through ``sess.run`` alone, so that the wrapper does not see them; and one whose rows are
# at another scale than the arrays that some operators take theirs from, which would be a second mistake.
UNSEEN = {"make_callable", "partial_run", "threaded", "standardised_pixels"}
RIGHT = {style: loop(style) for style in STYLES if style not in UNSEEN} | {
    name: one.source for name, one in programs("loops/students").items() if name not in UNSEEN and not one.remarks
}
