"""Judge what each epoch feeds: every training image once, in minibatches, in a new order."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from graphread.text import Said, Text
from netgrader.faults import Severity
from netgrader.judges.aspects import Aspect
from netgrader.judges.notes import NO_LABEL, Asked
from netgrader.judges.subject import finding, usual

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from netgrader.judges.aspects import LoopFinding
    from netgrader.judges.log import Bool, Bytes, Float, Int
    from netgrader.judges.subject import Epoch, Subject

__all__ = ["judge_held_out", "judge_order", "judge_rows"]


class _Limits(NamedTuple):
    """Thresholds of counts. Fractions, unless another unit is given."""

    most: float = 0.5
    """Of the minibatches with the same size, above which that is the usual size."""
    size: float = 0.1
    """Of the required size, by which minibatches may differ from it."""
    nearly_all: float = 0.95
    """Of the minibatches that equal the previous one, or share a row with it: above this, it is systematic."""
    overlap: float = 0.02
    """Of a minibatch's rows that the previous one also held."""
    repeated: float = 0.005
    """Of the rows that were already fed: fewer are accidental."""
    mixed: float = 0.6
    """Of the images: as many independent draws reach 1 - 1/e of them, so fewer come from a subset."""
    drawn: float = 0.02
    """Of the images: tolerance of their number compared with independent draws."""
    deviations: float = 4 * 0.32
    """The same in square roots of their number: four standard deviations of a number of distinct rows (birthday problem)."""
    chance: float = 0.2
    """Relative tolerance of the rows that minibatches drawn from a subset share."""
    left_out: int = 2
    """Minibatches of images that may be missing if slices leave gaps."""
    same_scale: float = 0.02
    """Relative difference of two factors."""
    repeats: float = 0.9
    """Of the minibatches, or of the rows, in the same place as in the previous epoch."""
    pure: float = 7 / 9
    """Of the way from chance to one class only: 0.8 with ten classes; a shuffled minibatch of 16 has 0.27."""
    smallest: int = 8
    """Fewest rows of a minibatch that can be called sorted."""
    steps: int = 4
    """Fewest minibatches per epoch: fewer, each sorted within itself, may look like the order of the file."""


LIMITS = _Limits()
UNKNOWN = 0.25  # fraction of the credit for unknown rows, so that the cell keeps as much as for unchanged test images


@dataclass(frozen=True)
class _Fed:
    """The rows fed by the training steps of an epoch."""

    index: Int
    """Indexes in the student's arrays, in sequence."""
    sizes: Int
    """Number of rows in each minibatch."""
    n: int
    """Number of distinct training images,"""
    n_given: int
    """and number of rows in the student's array of them."""
    asked: int
    """The required size of minibatches."""
    whole_passes: bool
    """Whether all epochs together are whole passes over the images that cross epoch boundaries."""

    @cached_property
    def times(self) -> Int:
        """How often each fed training image was fed; test rows are judged elsewhere."""
        return np.unique(self.index[self.index < self.n_given], return_counts=True)[1]

    @cached_property
    def different(self) -> int:
        """The number of distinct training images that were fed."""
        return len(self.times)

    @cached_property
    def rows(self) -> int:
        """The number of training rows that were fed."""
        return int(self.times.sum())

    @property
    def few(self) -> bool:
        """Whether less than half of the training images were fed, allowing for one minibatch."""
        return 2 * (self.different + self.asked) < self.n

    @cached_property
    def missing(self) -> int:
        """The number of training images that were not fed, less the number of test rows fed instead."""
        return max(self.n - self.different - (len(self.index) - self.rows), 0)

    @cached_property
    def usual(self) -> int:
        """The size that most minibatches have; the largest of several."""
        counts = np.bincount(self.sizes)
        return int(np.flatnonzero(counts == np.max(counts))[-1])

    @cached_property
    def alike(self) -> bool:
        """Whether most minibatches have the same size."""
        return bool((self.sizes == self.usual).mean() > LIMITS.most)

    @cached_property
    def held(self) -> Int:
        """The number of distinct rows in each minibatch (steps,)."""
        return np.bincount(self._held_once[1], minlength=len(self.sizes))

    @cached_property
    def again(self) -> Int:
        """The number of these that the previous minibatch also held (steps,)."""
        index, number = self._held_once
        again = (np.diff(index) == 0) & (np.diff(number) == 1)
        return np.bincount(number[1:][again], minlength=len(self.sizes))

    @cached_property
    def _held_once(self) -> tuple[Int, Int]:
        """Distinct pairs of row and minibatch number, ascending."""
        steps = len(self.sizes)
        pairs = np.unique(self.index * steps + np.repeat(np.arange(steps), self.sizes))
        return pairs // steps, pairs % steps


def _steps_for(fed: _Fed, rows: int) -> set[int]:
    """Return the possible numbers of steps for `rows` rows at the required size."""
    return {rows // fed.asked, -(-rows // fed.asked)}


def _size_fits(fed: _Fed) -> bool:
    """Whether minibatches have the required size, or split the images as evenly as that size allows."""
    if abs(fed.usual - fed.asked) <= LIMITS.size * fed.asked or not fed.alike:
        return True
    return bool(np.ptp(fed.sizes) <= 1) and len(fed.sizes) in _steps_for(fed, len(fed.index))


def _is_complete(fed: _Fed) -> bool:
    """Whether each image was fed once; an incomplete last minibatch may be missing or filled up."""
    if fed.whole_passes:
        return True
    before = fed.index[: -fed.sizes[-1]]
    before = before[before < fed.n_given]
    if len(np.unique(before)) < len(before):
        return False
    if not fed.missing:
        return True
    as_asked = fed.usual == fed.asked or not _size_fits(fed)
    as_asked &= fed.rows == fed.different
    return as_asked and bool((fed.sizes == fed.usual).all()) and fed.missing == (fed.n % fed.usual or fed.usual)


def _shared(fed: _Fed) -> float:
    """Return the mean fraction of a minibatch that the previous one also holds; 0 for one minibatch."""
    return _mean(fed.again[1:] / np.minimum(fed.held[1:], fed.held[:-1]))


def _same(fed: _Fed) -> float:
    """Return the fraction of minibatches that equal the previous one; 0 for one minibatch."""
    return _mean((fed.again[1:] == fed.held[1:]) & (fed.held[1:] == fed.held[:-1]))


def _mean(shares: Float | Bool) -> float:
    """Return the mean; 0 if there are no values."""
    return float(shares.mean()) if len(shares) else 0.0


def _drawn_at_random(fed: _Fed) -> bool:
    """Whether rows repeat as often as in independent draws (birthday problem), across minibatches too."""
    expected = -fed.n * np.expm1(-fed.rows / fed.n)
    slack = max(LIMITS.drawn * expected, LIMITS.deviations * fed.n**0.5)
    few_shared = _shared(fed) < 3 * fed.usual / fed.n + LIMITS.overlap
    return bool(abs(fed.different - expected) < slack) and few_shared and fed.alike


def _drawn_from_a_part(fed: _Fed) -> bool:
    """Whether minibatches share as many rows as independent draws from a small subset would."""
    chance = fed.usual / fed.different
    as_by_chance = abs(_shared(fed) - chance) < LIMITS.chance * chance
    return fed.different < LIMITS.mixed * fed.n and as_by_chance


def _overlaps(fed: _Fed) -> bool:
    """Whether minibatches overlap: they share many rows, nearly all share some, or they are too large."""
    ends = len(fed.sizes) > 2 and (fed.again[1:] > 0).mean() > LIMITS.nearly_all
    large = fed.usual > (1 + LIMITS.size) * fed.asked
    return bool(_shared(fed) > LIMITS.overlap or large or ends)


def _leaves_gaps(fed: _Fed) -> bool:
    """Whether slices are too short, or only their ends, or a few of them, are missing."""
    short = fed.usual < fed.asked and len(fed.sizes) in _steps_for(fed, fed.n)
    few = fed.n - fed.different <= LIMITS.left_out * max(fed.asked, fed.usual)
    return short or few


def _saw(fed: _Fed) -> Said:
    return Text("{different:,} of {n:,} {images}", different=fed.different, n=fed.n)


def _each(fed: _Fed) -> Said:
    return Text("each of the {n:,} {images} once", n=fed.n)


class _EpochRule(NamedTuple):
    """A fault of an epoch: its condition and its figures."""

    code: str
    applies: Callable[[_Fed], bool]
    found: Callable[[_Fed], Said] = _saw
    expected: Callable[[_Fed], Said] = _each
    share: float = 0.0


NO_MINIBATCHES = (
    _EpochRule(
        "wrong-slice",
        lambda fed: not fed.sizes.all(),
        lambda fed: Text("{sizes} of {count} minibatches empty", sizes=(fed.sizes == 0).sum(), count=len(fed.sizes)),
    ),
    _EpochRule(
        "trained-on-test",
        lambda fed: not fed.rows,
        lambda _: Text("test {images} only"),
        lambda _: Text("training {images} only"),
    ),
    _EpochRule(
        "no-minibatches",
        lambda fed: fed.alike and 2 * fed.usual >= fed.n > 1.5 * fed.asked,
        lambda fed: Text("minibatches of {usual:,}", usual=fed.usual),
        lambda fed: Text("of {asked:,}", asked=fed.asked),
    ),
)
"""If one of these applies, nothing else is reported about the epoch."""
OTHER_SIZE = _EpochRule(
    "batch-size-ignored",
    lambda fed: not _size_fits(fed),
    lambda fed: Text("minibatches of {usual:,}", usual=fed.usual),
    lambda fed: Text("of {asked:,}", asked=fed.asked),
)
REPEATED = (
    _EpochRule(
        "same-batch-always",
        lambda fed: _same(fed) > LIMITS.nearly_all,
        lambda fed: Text(
            "{count:,} steps on the same {different:,} {images}", count=len(fed.sizes), different=fed.different
        ),
        lambda _: "",
    ),
    _EpochRule("sampled-with-replacement", _drawn_at_random, share=1.0),
    _EpochRule("part-of-data-only", _drawn_from_a_part),
    _EpochRule(
        "wrong-slice",
        _overlaps,
        lambda fed: Text("{rows:,} rows fed, including {saw}", rows=fed.rows, saw=_saw(fed)),
    ),
    _EpochRule(
        "too-many-epochs",
        lambda fed: fed.different == fed.n,
        lambda fed: Text("each {image} {rows:.3g} times in one epoch", rows=fed.rows / fed.n),
        lambda _: Text("once"),
        share=0.5,
    ),
    _EpochRule("part-of-data-only", lambda fed: fed.different < LIMITS.mixed * fed.n),
    # Some images twice and some never, without overlap: drawn from a stream that crosses the epoch's end.
    _EpochRule("sampled-with-replacement", lambda _: True, share=1.0),
)
"""If images were fed more than once per epoch, the first rule that applies explains it."""
LEFT_OUT = (
    _EpochRule(
        "wrong-slice",
        _leaves_gaps,
        lambda fed: Text("{n:,} of {n_2:,} {images} left out", n=fed.n - fed.different, n_2=fed.n),
    ),
    _EpochRule("part-of-data-only", lambda _: True),
)
"""If images were left out and none fed twice, the first rule that applies explains it."""


def judge_rows(subject: Subject) -> Iterator[LoopFinding]:
    """Judge coverage and size of the minibatches, epoch by epoch."""
    unknown = int((subject.trained_on.index < 0).sum())
    if unknown:
        found = Text(
            "{unknown:,} of {count:,} rows that are not rows of x_train", unknown=unknown, count=len(subject.trained_on)
        )
        yield finding(
            Aspect.ROWS, "unknown-rows", share=UNKNOWN, found=found, expected=Text("rows of x_train as they are")
        )
        return
    yield from _scale(subject)
    call, whole_passes = subject.call, _makes_whole_passes(subject)
    for number, epoch in enumerate(subject.course.epochs):
        fed = _Fed(
            index=subject.rows(epoch).index,
            sizes=call.sizes[epoch.steps],
            n=subject.n_train,
            n_given=subject.tables.n_train,
            asked=call.mini_batch_size,
            whole_passes=whole_passes,
        )
        place = Text(
            "epoch {number} of {n_epochs}, minibatches of {mini_batch_size}",
            number=number + 1,
            n_epochs=call.n_epochs,
            mini_batch_size=call.mini_batch_size,
        )
        for rule in _broken(fed):
            fatal = fed.few and rule is not OTHER_SIZE  # one cause costs once
            yield finding(
                Aspect.ROWS,
                rule.code,
                share=rule.share * (not fatal),
                found=rule.found(fed),
                expected=rule.expected(fed),
                place=place,
                severity=Severity.FATAL if fatal else None,
            )


def _broken(fed: _Fed) -> list[_EpochRule]:
    """Return the rules that an epoch breaks."""
    return _first(NO_MINIBATCHES, fed) or [*_first((OTHER_SIZE,), fed), *_first(_of_coverage(fed), fed)]


def _of_coverage(fed: _Fed) -> tuple[_EpochRule, ...]:
    """Return the rules that explain why not each image was fed once; empty if each was."""
    if _is_complete(fed):
        return ()
    return REPEATED if fed.rows > (1 + LIMITS.repeated) * fed.different else LEFT_OUT


def _first(rules: tuple[_EpochRule, ...], fed: _Fed) -> list[_EpochRule]:
    return [rule for rule in rules if rule.applies(fed)][:1]


def _makes_whole_passes(subject: Subject) -> bool:
    """Whether all training steps together are as many passes over the images as required epochs.

    Minibatches may cross the boundary of passes, and the last pass may be incomplete; no image repeats within one.
    """
    index, n, call = subject.call.of(subject.course.steps).index, subject.n_train, subject.call
    as_many = abs(len(index) - call.n_epochs * n) <= call.n_epochs * call.mini_batch_size
    number = np.arange(len(index)) // n
    once = len(np.unique(number * len(subject.tables.classes) + index)) == len(index)
    return as_many and once and bool((index < subject.tables.n_train).all())


def _scale(subject: Subject) -> Iterator[LoopFinding]:
    """Judge whether `train` feeds the rows of the student's arrays, unchanged or equally well scaled."""
    call, tables, origins = subject.call, subject.tables, subject.origins
    steps = call.of(subject.course.steps)
    train = usual(steps.factor[steps.index < tables.n_train])
    of_test = (call.rows.index >= tables.n_train) & np.repeat((call.asked & Asked.STEP) == 0, call.sizes)
    test = usual(call.rows.factor[of_test])
    test = train if np.isnan(test) else test
    if np.isnan(train) or np.allclose([train, test], 1, rtol=0, atol=1e-3):
        return
    fed_train, fed_test = train * origins.train_scale, test * origins.test_scale
    known = {"not-scaled": subject.spec.largest, "scaled-twice": 1 / subject.spec.largest}
    codes = [code for code, scale in known.items() if np.isclose(fed_train, scale, rtol=LIMITS.same_scale)]
    found = Text("train multiplies the rows of x_train by {train:.3g}", train=train)
    if not np.isclose(fed_train, fed_test, rtol=LIMITS.same_scale):
        codes = ["scaled-on-one-side"]
        found = Text("{train} and those of x_test by {test:.3g}", train=found, test=test)
    for code in codes:
        yield finding(Aspect.ROWS, code, share=0.25, found=found, expected=Text("the rows as they are"))


NO_STEP_THERE = Text("training {images} only, so no train_op in the run that evaluates the test {images}")


def judge_held_out(subject: Subject) -> Iterator[LoopFinding]:
    """Judge that no training step uses test images, and none runs during evaluation."""
    call, strays = subject.call, subject.course.strays
    index = call.of(call.steps).index
    of_test = np.unique(index[index >= subject.tables.n_train])
    if len(of_test):
        found = Text(
            "training steps were fed {count:,} of the {n_test:,} test {images}",
            count=len(of_test),
            n_test=subject.n_test,
        )
        expected = NO_STEP_THERE if len(strays) else Text("training {images} only")
        yield finding(Aspect.HELD_OUT, "trained-on-test", found=found, expected=expected)
    elif len(strays):
        yield finding(
            Aspect.HELD_OUT,
            "evaluated-while-training",
            share=0.5,
            found=Text(
                "{count} training steps on {sizes:,} {images} at once",
                count=len(strays),
                sizes=int(np.max(call.sizes[strays])),
            ),
            expected=Text("an evaluation that changes nothing"),
        )


PURE = Text("in a minibatch {pure:.0f} % of the {images} show one {called}")
PURE_NUMBERS = Text("in a minibatch {pure:.0f} % of the {images} have nearly the same {label}")


def judge_order(subject: Subject) -> Iterator[LoopFinding]:
    """Judge the order: a new one in each epoch, and classes mixed within minibatches."""
    epochs = subject.course.epochs
    if not epochs or not np.median(subject.call.sizes[subject.course.steps]):
        return  # empty minibatches are all alike
    (pure, chance), spec = _purity(subject, epochs[0]), subject.spec
    if pure > chance + LIMITS.pure * (1 - chance):
        found = (PURE_NUMBERS if spec.is_regression else PURE).format(pure=100 * pure, called=spec.called)
        yield finding(
            Aspect.ORDER, "sorted-data", found=found, expected=Text("about {classes:.0f} %", classes=100 * chance)
        )
    for keeps, same in ORDERS:
        kept = [keeps(subject, *pair) for pair in pairwise(epochs)]
        if kept and all(kept):
            yield finding(Aspect.ORDER, "no-shuffling", found=same, expected=Text("a new order in each epoch"))
            return


def _same_minibatches(subject: Subject, one: Epoch, other: Epoch) -> bool:
    """Whether nearly every minibatch k holds the same images as minibatch k of the previous epoch."""
    sizes = subject.call.sizes[other.steps]
    before, now = (_numbered(subject, epoch) for epoch in (one, other))
    held = np.bincount(np.repeat(np.arange(len(sizes)), sizes), weights=np.isin(now, before), minlength=len(sizes))
    return bool((held == sizes).mean() > LIMITS.repeats)


def _numbered(subject: Subject, epoch: Epoch) -> Int:
    """Return a number for each fed row of an epoch that identifies the row and its minibatch."""
    sizes = subject.call.sizes[epoch.steps]
    number: Int = np.repeat(np.arange(len(sizes)), sizes) * len(subject.tables.classes) + subject.rows(epoch).index
    return number


def _goes_round(subject: Subject, one: Epoch, other: Epoch) -> bool:
    """Whether an epoch repeats the order of the previous one, reversed or shifted.

    Checks the boundaries of minibatches: within one, order has no effect.
    """
    order, next_order = (subject.rows(epoch).index for epoch in (one, other))
    ends = np.unique(np.cumsum(subject.call.sizes[one.steps]))
    ends = ends[(ends > 0) & (ends < len(order))]  # minibatches may be empty
    if len(ends) < LIMITS.steps or min(np.min(order), np.min(next_order, initial=0)) < 0:
        return False
    place = np.full(len(subject.tables.classes), len(order) + len(next_order))
    place[next_order] = np.arange(len(next_order))
    apart = np.abs(place[order[ends]] - place[order[ends - 1]])
    return bool(np.isin(apart, [1, len(next_order) - 1]).mean() > LIMITS.repeats)


ORDERS: Sequence[tuple[Callable[[Subject, Epoch, Epoch], bool], Text]] = (
    (_same_minibatches, Text("minibatch 1 of each epoch holds the same {images}, and so on")),
    (_goes_round, Text("the same order in all epochs, reversed in some or started elsewhere")),
)
"""Tests for epochs without a new order, each with its sentence."""


def _purity(subject: Subject, epoch: Epoch) -> tuple[float, float]:
    """Return the mean fraction of the commonest class in minibatches (0 if too few), and in all rows."""
    known, index, sizes = subject.origins.shown, subject.rows(epoch).index, subject.call.sizes[epoch.steps]
    shown: Bytes = np.where(known != NO_LABEL, known, subject.tables.classes)
    classes = np.where(index >= 0, shown[index], NO_LABEL)
    counts = np.zeros((len(sizes), NO_LABEL + 1))
    np.add.at(counts, (np.repeat(np.arange(len(sizes)), sizes), classes), 1)
    named = counts[:, :NO_LABEL]
    enough = named.sum(axis=1) >= LIMITS.smallest
    shares = named.max(axis=1)[enough] / named.sum(axis=1)[enough]
    usual = np.bincount(shown[subject.tables.train], minlength=NO_LABEL + 1)[:NO_LABEL].astype(np.float64)
    return float(shares.mean()) if len(shares) > 1 else 0.0, float(np.max(usual) / max(np.sum(usual), 1))
