"""One call of `train` with everything that its judges look at, so that each is worked out once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from netgrader.faults import fault
from netgrader.training.epochs import Course, Epoch, course
from netgrader.training.fingerprints import fingerprints, match_scaled
from netgrader.training.notes import NO_LABEL
from netgrader.training.verdicts import Aspect, Finding

if TYPE_CHECKING:
    import numpy.typing as npt

    from netgrader.faults import Severity
    from netgrader.training.log import Bytes, Call, Float, Rows, Tables

__all__ = ["Origins", "Subject", "finding", "origins"]


@dataclass(frozen=True)
class Origins:
    """Where the rows of the student's arrays come from, as far as can be told.

    Attributes
    ----------
    digits
        The digit that each row of the tables shows, `NO_LABEL` where that is not known.
    train_scale, test_scale
        What grey levels between 0 and 1 were multiplied with, NaN where the rows are no given images.
    """

    digits: Bytes
    train_scale: float = 1.0
    test_scale: float = 1.0


def origins(
    tables: Tables,
    train: tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]],
    test: tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]],
) -> Origins:
    """Compare the student's rows with the given images; `train` and `test` are raw images and their digits."""
    images = np.concatenate([part[0].reshape(len(part[0]), -1) for part in (train, test)])
    digits = np.concatenate([part[1] for part in (train, test)])
    match = match_scaled(fingerprints(images) / 255, tables.prints)
    known = np.where(match.index >= 0, digits[match.index], NO_LABEL).astype(np.uint8)
    return Origins(known, _usual(match.factor[: tables.n_train]), _usual(match.factor[tables.n_train :]))


def _usual(factors: Float) -> float:
    known = factors[np.isfinite(factors)]
    return float(np.median(known)) if 2 * len(known) > len(factors) else float("nan")


@dataclass(frozen=True)
class Subject:
    """A call, the tables that number its rows, how the call went, and where the rows come from."""

    call: Call
    tables: Tables
    origins: Origins

    @cached_property
    def course(self) -> Course:
        """The call in epochs."""
        return course(self.call, self.tables)

    @cached_property
    def n_train(self) -> int:
        """How many different training rows there are."""
        return len(self.tables.train)

    @cached_property
    def n_test(self) -> int:
        """How many different test rows there are."""
        return len(self.tables.test)

    def seen(self, epoch: Epoch) -> dict[int, int]:
        """How many training rows were fed how often in the train steps of an epoch."""
        index = self.rows(epoch).index
        times = np.bincount(index[(index >= 0) & (index < self.tables.n_train)], minlength=self.tables.n_train)
        often, rows = np.unique(times[self.tables.train], return_counts=True)
        return {int(time): int(row) for time, row in zip(often, rows, strict=True)}

    def rows(self, epoch: Epoch) -> Rows:
        """The rows fed in the train steps of an epoch."""
        return self.call.of(epoch.steps)


def finding(
    aspect: Aspect,
    what: str,
    *,
    share: float = 0.0,
    found: object = "",
    expected: object = "",
    place: object = "",
    side: str = "",
    severity: Severity | None = None,
) -> Finding:
    """Something wrong, with a code of the catalogue, and of the severity that it has there unless another is given."""
    return Finding(aspect, fault(what, place, found, expected, severity), share, side)
