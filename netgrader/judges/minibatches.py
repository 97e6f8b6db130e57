"""Judge what each epoch feeds: every training image once, in minibatches of the size asked for, in a new order."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from netgrader.faults import Severity
from netgrader.judges.aspects import Aspect
from netgrader.judges.notes import NO_LABEL, Asked
from netgrader.judges.subject import finding
from netgrader.phrases import say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from netgrader.judges.aspects import LoopFinding
    from netgrader.judges.log import Bool, Bytes, Float, Int
    from netgrader.judges.subject import Epoch, Subject

__all__ = ["judge_held_out", "judge_order", "judge_rows", "passes_of"]

PAIRS = 40
SAME = 0.95
IN_A_ROW = 0.4  # with each minibatch fed twice in a row every second one is the one before again
# Independent draws reach 1 - 1/e of the images in as many rows; whoever saw fewer chose from a part of them.
MIXED = 0.6
# The share of the images that may be of another class than in the training set, and the same times the root of their
# number: three times what it is where so many are drawn at random.
UNEVEN, UNEVEN_OF_FEW = 0.03, 7.3


def judge_rows(subject: Subject) -> Iterator[LoopFinding]:
    """Judge coverage and size of the minibatches, epoch by epoch; what is found first counts."""
    yield from _scale(subject)
    passes = passes_of(subject)
    for number, epoch in enumerate(subject.course.epochs):
        yield from _Batches(subject, epoch, number, whole_passes=len(passes) > 0).judge()


def passes_of(subject: Subject) -> list[Int]:
    """Return the rows of all train steps, cut into passes over the training images; the last one may be incomplete.

    Minibatches may reach from one pass into the next. Empty where some image comes twice in a pass, or where there are
    more or fewer passes than epochs were asked for.
    """
    index, n = subject.call.of(subject.course.steps).index, subject.n_train
    slack = subject.call.n_epochs * subject.call.mini_batch_size
    if (
        abs(len(index) - subject.call.n_epochs * n) > slack
        or not ((index >= 0) & (index < subject.tables.n_train)).all()
    ):
        return []
    passes = [index[start : start + n] for start in range(0, len(index), n)]
    return passes if all(len(np.unique(one)) == len(one) for one in passes) else []


class _Batches:
    """The minibatches of one epoch."""

    def __init__(self, subject: Subject, epoch: Epoch, number: int, *, whole_passes: bool) -> None:
        call = subject.call
        self.whole_passes = whole_passes
        self.asked = call.mini_batch_size
        self.altered = call.altered
        self.labels = subject.rows(epoch).labels
        self.classes = subject.tables.classes[subject.tables.train]
        self.sizes = call.sizes[epoch.steps]
        self.rows_per_step = [call.indices(run) for run in epoch.steps]
        index = subject.rows(epoch).index
        self.unknown = int((index < 0).sum())
        # Test rows among them are another judge's business, and so are the images whose place they take.
        self.of_test = int((index >= subject.tables.n_train).sum())
        self.fed = index[(index >= 0) & (index < subject.tables.n_train)]
        self.times = np.unique(self.fed, return_counts=True)[1]
        self.n = subject.n_train
        self.different = len(self.times)
        counts = np.bincount(self.sizes)
        self.usual = int(np.flatnonzero(counts == np.max(counts))[-1])
        self.place = say("epoch {1} of {2}, minibatches of {3}", number + 1, call.n_epochs, call.mini_batch_size)

    def judge(self) -> Iterator[LoopFinding]:
        if not self.sizes.all():
            yield self._say(
                "wrong-slice", 0.0, found=say("{1} of {2} minibatches empty", (self.sizes == 0).sum(), len(self.sizes))
            )
        elif self.unknown * 50 > len(self.fed) + self.unknown and self.altered:
            yield from self._of_altered()
        elif self.unknown * 50 > len(self.fed) + self.unknown:
            yield self._say("unknown-rows", 0.0, found=say("{1:,} rows that are no row of x_train", self.unknown))
        elif not len(self.fed):
            yield self._say("trained-on-test", 0.0, found="test images only", expected="training images only")
        elif self._alike() and 2 * self.usual >= self.n > 1.5 * self.asked:
            steps = "1 step" if len(self.sizes) == 1 else say("{1:,} steps", len(self.sizes))
            yield self._say(
                "no-minibatches", 0.0, found=say("{1} on {2:,} images", steps, self.usual), expected=self._steps()
            )
        else:
            if not self._size_fits():
                yield self._say(
                    "batch-size-ignored",
                    0.0,
                    found=say("minibatches of {1:,}", self.usual),
                    expected=say("of {1:,}", self.asked),
                )
            if not self._complete():
                yield self._incomplete()

    def _of_altered(self) -> Iterator[LoopFinding]:
        """Minibatches of images that were noised or moved: of the right size, and as many of each class as there are."""
        if not self._size_fits():
            yield self._say(
                "batch-size-ignored",
                0.0,
                found=say("minibatches of {1:,}", self.usual),
                expected=say("of {1:,}", self.asked),
            )
        total = int(self.sizes.sum())
        had, fed = (np.bincount(one, minlength=NO_LABEL + 1)[:NO_LABEL] for one in (self.classes, self.labels))
        apart = float(np.abs(fed / max(int(np.sum(fed)), 1) - had / max(int(np.sum(had)), 1)).sum()) / 2
        if abs(total - self.n) > max(self.asked, self.usual) or apart > max(UNEVEN, UNEVEN_OF_FEW / self.n**0.5):
            found, expected = say("{1:,} altered images", total), say("each of the {1:,} images once", self.n)
            code = "part-of-data-only" if total <= self.n else "wrong-slice"
            yield self._say(
                code, 0.0, found=found, expected=expected, severity=Severity.FATAL if 2 * total < self.n else None
            )

    def _say(
        self, what: str, share: float, *, found: str, expected: str = "", severity: Severity | None = None
    ) -> LoopFinding:
        return finding(
            Aspect.ROWS, what, share=share, found=found, expected=expected, place=self.place, severity=severity
        )

    def _part_only(self) -> LoopFinding:
        """Find images that were never fed; that is fatal where that is most of them."""
        saw, each = self._saw()
        severity = Severity.FATAL if 2 * self.different < self.n else None
        return self._say("part-of-data-only", 0.0, found=saw, expected=each, severity=severity)

    def _steps(self) -> str:
        return say("about {1:,} steps on {2:,} each", self.n // self.asked, self.asked)

    def _step_counts(self, n_rows: int) -> set[int]:
        """Return how many steps so many rows make at the size asked for."""
        return {n_rows // self.asked, -(-n_rows // self.asked)}

    def _size_fits(self) -> bool:
        """Minibatches are of the size asked for, or split the images as evenly as that size allows."""
        if abs(self.usual - self.asked) * 10 <= self.asked or not self._alike():
            return True
        even = int(np.ptp(self.sizes)) <= 1
        return even and len(self.sizes) in self._step_counts(int(self.sizes.sum()))

    def _alike(self) -> bool:
        """Whether most minibatches are of one size."""
        return bool((self.sizes == self.usual).mean() > 0.5)

    def _complete(self) -> bool:
        """Judge whether each image was fed once; an incomplete last minibatch may be missing, or be filled up."""
        missing = max(self.n - self.different - self.of_test, 0)
        twice = len(self.fed) - self.different
        if twice:
            return self.whole_passes or (missing == 0 and self._filled_up())
        if missing == 0:
            return True
        fits = self.usual == self.asked or not self._size_fits()
        whole = bool((self.sizes == self.usual).all())
        return self.whole_passes or (fits and whole and missing == (self.n % self.usual or self.usual))

    def _filled_up(self) -> bool:
        """Whether images come twice only where the last minibatch was filled up with some that had been fed before."""
        before = np.concatenate([np.empty(0, dtype=np.int64), *self.rows_per_step[:-1]])
        return self._alike() and len(np.unique(before)) == len(before)

    def _incomplete(self) -> LoopFinding:
        same, shared = self._shared()
        if len(self.sizes) > 1 and same > SAME:
            steps = say("{1:,} steps on the same {2:,} images", len(self.sizes), self.different)
            return self._say("same-batch-always", 0.0, found=steps)
        if len(self.fed) > 1.005 * self.different:
            return self._repeated(same, shared)
        return self._left_out()

    def _repeated(self, same: float, shared: float) -> LoopFinding:
        """Find rows that were fed more than once in the epoch."""
        saw, each = self._saw()
        if self._drawn_at_random(shared):
            return self._say("sampled-with-replacement", 1.0, found=saw, expected=each)
        if self._drawn_from_a_part(shared):
            return self._part_only()
        if shared > 0.02 or self.usual > 1.1 * self.asked or self._overlapping():
            found = say("{1:,} rows fed, among them {2}", len(self.fed), saw)
            if same > IN_A_ROW:
                found = "each minibatch several times in a row"
                each = "the loop over the epochs around that over the minibatches"
            return self._say("wrong-slice", 0.0, found=found, expected=each)
        if self.different == self.n:
            times = say("each image {1:.3g} times in one epoch", len(self.fed) / self.n)
            return self._say("too-many-epochs", 0.5, found=times, expected="once")
        if self.different < MIXED * self.n:
            return self._part_only()
        # Some twice and some not at all, without any overlap: drawn from a stream that does not end with the epoch.
        return self._say("sampled-with-replacement", 1.0, found=saw, expected=each)

    def _left_out(self) -> LoopFinding:
        """Find rows that were not fed, where none was fed twice."""
        _, each = self._saw()
        missing = self.n - self.different
        short = self.usual < self.asked and len(self.sizes) in self._step_counts(self.n)
        if short or missing <= 2 * max(self.asked, self.usual) or self._gaps() > 2:
            return self._say(
                "wrong-slice", 0.0, found=say("{1:,} of {2:,} images left out", missing, self.n), expected=each
            )
        return self._part_only()

    def _saw(self) -> tuple[str, str]:
        return say("{1:,} of {2:,} images", self.different, self.n), say("each of the {1:,} images once", self.n)

    def _shared(self) -> tuple[float, float]:
        """Return how often a minibatch holds the same rows as the one before, and the share of rows they have in common."""
        if len(self.sizes) < 2:
            return 0.0, 0.0
        same, shares = [], []
        for later in np.unique(np.linspace(1, len(self.sizes) - 1, PAIRS).astype(int)):
            one, other = np.unique(self.rows_per_step[later - 1]), np.unique(self.rows_per_step[later])
            same.append(np.array_equal(one, other))
            shares.append(len(np.intersect1d(one, other)) / max(1, min(len(one), len(other))))
        return float(np.mean(same)), float(np.mean(shares))

    def _overlapping(self) -> bool:
        """Whether each minibatch, but for a few, begins with rows that the one before ended with."""
        pairs = [len(np.intersect1d(one, other)) > 0 for one, other in pairwise(self.rows_per_step)]
        return len(pairs) > 1 and float(np.mean(pairs)) > SAME

    def _drawn_at_random(self, shared: float) -> bool:
        """Whether rows repeat as often as independent draws do (birthday problem), across minibatches too."""
        expected = self.n * -np.expm1(-len(self.fed) / self.n)
        chance = self.usual / self.n
        # Four deviations of the number of different rows among so many independent draws.
        as_often = abs(self.different - expected) < max(0.02 * expected, 4 * 0.32 * self.n**0.5)
        return bool(as_often and shared < 3 * chance + 0.02 and self._alike())

    def _drawn_from_a_part(self, shared: float) -> bool:
        """Whether minibatches share as many rows as independent draws from the rows that were seen, which are few."""
        chance = self.usual / self.different
        return self.different < MIXED * self.n and abs(shared - chance) < 0.2 * chance

    def _gaps(self) -> int:
        """Return the number of holes in rows that were fed in ascending order; 0 if they were in another order."""
        jumps = np.diff(self.fed)
        return int((jumps > 1).sum()) if len(jumps) and (jumps > 0).all() else 0


def _scale(subject: Subject) -> Iterator[LoopFinding]:
    """Whether `train` feeds the rows of the student's arrays as they are, or at a scale that is as good."""
    call, tables, origins = subject.call, subject.tables, subject.origins
    steps = call.of(subject.course.steps)
    train = _factor(steps.factor[steps.index < tables.n_train])
    of_test = (call.rows.index >= tables.n_train) & np.repeat((call.asked & Asked.STEP) == 0, call.sizes)
    test = _factor(call.rows.factor[of_test])
    if np.isnan(train) or (abs(train - 1) < 1e-3 and (np.isnan(test) or abs(test - 1) < 1e-3)):
        return
    fed_train, fed_test = train * origins.train_scale, test * origins.test_scale
    if not np.isnan(test) and not np.isclose(fed_train, fed_test, rtol=0.02):
        code = "scaled-on-one-side"
    elif np.isclose(fed_train, subject.spec.largest, rtol=0.02):
        code = "not-scaled"
    elif np.isclose(fed_train, 1 / subject.spec.largest, rtol=0.02):
        code = "scaled-twice"
    else:
        return
    found = say("train multiplies the rows of x_train by {1:.3g}", train)
    if not np.isnan(test):
        found += say(" and those of x_test by {1:.3g}", test)
    yield finding(Aspect.ROWS, code, share=0.25, found=found, expected="the rows as they are")


def _factor(factors: Float) -> float:
    known = factors[np.isfinite(factors)]
    return float(np.percentile(known, 50, method="higher")) if len(known) else float("nan")


def judge_held_out(subject: Subject) -> Iterator[LoopFinding]:
    """Judge that there is no test image among the rows of a train step, and no train step where accuracy was to be taken."""
    call, tables = subject.call, subject.tables
    stepped = np.repeat((call.asked & Asked.STEP) > 0, call.sizes)
    of_test: Bool = stepped & (call.rows.index >= tables.n_train)
    if of_test.any():
        different = len(np.unique(call.rows.index[of_test]))
        found = say("train steps were fed {1:,} of the {2:,} test images", different, subject.n_test)
        if (call.asked[subject.course.strays] & Asked.ACCURACY).any():
            found += "; the train op is among the fetches of the evaluation"
        yield finding(Aspect.HELD_OUT, "trained-on-test", found=found, expected="training images only")
    elif len(subject.course.strays):
        sizes = call.sizes[subject.course.strays]
        yield finding(
            Aspect.HELD_OUT,
            "train-op-in-evaluation",
            share=0.5,
            found=say("{1} train steps on {2:,} images at once", len(sizes), int(np.max(sizes))),
            expected="an evaluation that changes nothing",
        )


# A minibatch is called sorted where the share of its most frequent class is so far up from chance: 0.8 of ten classes, of
# which a shuffled one of 16 has 0.27.
PURE = 7 / 9
SMALLEST_JUDGED = 8
# So few minibatches, each sorted within itself, may look like the order of the file.
FEW_STEPS = 4


def judge_order(subject: Subject) -> Iterator[LoopFinding]:
    """Judge the order: a new one in each epoch, and classes mixed within minibatches."""
    call, epochs = subject.call, subject.course.epochs
    if epochs and not np.median(call.sizes[subject.course.steps]):
        return  # most are empty, and so alike
    for epoch in epochs[:1]:
        pure = _purity(subject, epoch)
        if pure > subject.spec.above_chance(PURE):
            found = say("in a minibatch {1:.0f} % of the images show one {2}", 100 * pure, subject.spec.called)
            expected = say("about {1:.0f} %", 100 / subject.spec.classes)
            yield finding(Aspect.ORDER, "sorted-data", found=found, expected=expected)
    sets = [[_identity(subject, run) for run in epoch.steps] for epoch in epochs]
    same = [_equal_sets(one, other) for one, other in pairwise(sets) if len(one) == len(other) and len(one) > 1]
    if same and min(same) > 0.9:
        yield finding(
            Aspect.ORDER,
            "no-shuffling",
            found=say("minibatch 1 of each of the {1} epochs holds the same images, and so on", len(epochs)),
            expected="a new order in each epoch",
        )
    elif _repeats(passes_of(subject)):
        found = "each pass over the images feeds them in the same order"
        yield finding(Aspect.ORDER, "no-shuffling", found=found, expected="a new order in each epoch")
    elif len(epochs) > 1 and all(_along_the_file(subject, epoch) for epoch in epochs):
        found = "neighbours in x_train fed one after the other in each epoch"
        yield finding(Aspect.ORDER, "no-shuffling", found=found, expected="a new order in each epoch")
    elif len(epochs) > 1 and _goes_round(subject):
        found = "one order in all epochs, backwards in some or begun elsewhere"
        yield finding(Aspect.ORDER, "no-shuffling", found=found, expected="a new order in each epoch")
    elif len(epochs) == 1 and call.n_epochs > 1 and len(sets[0]) > 1 and _ascending(subject, epochs[0]):
        yield finding(Aspect.ORDER, "no-shuffling", found="the images in the order of x_train", expected="a new order")
    if len(epochs) > 1 and call.error is None and all(len(epoch.steps) == 1 for epoch in epochs):
        yield finding(Aspect.ORDER, "no-shuffling", found="one step an epoch", expected="a new order in each epoch")


def _goes_round(subject: Subject) -> bool:
    """Whether each epoch goes through the images in the order of the one before, backwards or begun elsewhere.

    That shows at the ends of minibatches: within one the order means nothing.
    """
    return all(_follows(subject, one, other) for one, other in pairwise(subject.course.epochs))


def _follows(subject: Subject, one: Epoch, other: Epoch) -> bool:
    order, next_order = (subject.rows(epoch).index for epoch in (one, other))
    ends = np.unique(np.cumsum(subject.call.sizes[one.steps]))
    ends = ends[(ends > 0) & (ends < len(order))]  # minibatches may be empty
    if len(ends) < FEW_STEPS or (order < 0).any() or (next_order < 0).any():
        return False
    place = np.full(len(subject.tables.classes), len(order) + len(next_order))
    place[next_order] = np.arange(len(next_order))
    apart = np.abs(place[order[ends]] - place[order[ends - 1]])
    return bool(((apart == 1) | (apart == len(next_order) - 1)).mean() > 0.9)


def _identity(subject: Subject, run: int) -> Int:
    """Return what tells a minibatch from others: its rows, or where these are altered images, their classes in order."""
    call = subject.call
    index = call.indices(run)
    if call.altered and (index < 0).any():
        return call.rows.labels[call.starts[run] : call.starts[run + 1]].astype(np.int64)
    return np.sort(index)


def _equal_sets(one: list[Int], other: list[Int]) -> float:
    equal = [np.array_equal(first, second) for first, second in zip(one, other, strict=True)]
    return float(np.mean(equal))


def _repeats(passes: list[Int]) -> bool:
    """Whether the second pass, as far as it goes, is the first one again."""
    if len(passes) < 2:
        return False
    n = min(len(passes[0]), len(passes[1]))
    return 2 * n > len(passes[0]) and bool((passes[0][:n] == passes[1][:n]).mean() > 0.9)


def _ascending(subject: Subject, epoch: Epoch) -> bool:
    return bool((np.diff(subject.rows(epoch).index) > 0).all())


def _along_the_file(subject: Subject, epoch: Epoch) -> bool:
    """Whether an epoch goes through the images as they stand, forwards or backwards, wherever it begins."""
    steps = np.diff(subject.rows(epoch).index)
    turns = min(int((steps <= 0).sum()), int((steps >= 0).sum()))
    return len(epoch.steps) > FEW_STEPS and turns < 2


def _purity(subject: Subject, epoch: Epoch) -> float:
    """Return the mean share of the most frequent class in the epoch's minibatches; 0 if there are too few to tell."""
    shares = []
    for run in epoch.steps:
        call = subject.call
        index = call.indices(run)
        labels = _shown(subject)[index[index >= 0]]
        if call.altered and (index < 0).any():
            labels = call.rows.labels[call.starts[run] : call.starts[run + 1]]
        labels = labels[labels != NO_LABEL]
        if len(labels) >= SMALLEST_JUDGED:
            shares.append(np.max(np.bincount(labels)) / len(labels))
    return float(np.mean(shares)) if len(shares) > 1 else 0.0


def _shown(subject: Subject) -> Bytes:
    known = subject.origins.shown
    return np.where(known != NO_LABEL, known, subject.tables.classes)
