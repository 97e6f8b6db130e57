"""What a student's `train` did, judged: one verdict for each aspect, over all the calls that were made of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from netgrader.faults import fault
from netgrader.training.evaluation import judge_evaluation
from netgrader.training.labels import judge_labels
from netgrader.training.order import judge_order
from netgrader.training.report import judge_report
from netgrader.training.rows import judge_held_out, judge_rows
from netgrader.training.run import error_fault, judge_graph, judge_run
from netgrader.training.subject import Origins, Subject
from netgrader.training.verdicts import Aspect, Finding, Verdict, verdicts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from netgrader.faults import Fault
    from netgrader.training.log import TrainingLog

__all__ = ["Training", "judge_training"]

BELIEVED = 0.25  # of what was noted of an optimizer of one's own, which cannot be computed again


@dataclass(frozen=True)
class Training:
    """What is said of a `train`.

    Attributes
    ----------
    verdicts
        One for each `Aspect`.
    subjects
        The calls that they were made from.
    """

    verdicts: Mapping[Aspect, Verdict]
    subjects: tuple[Subject, ...]

    @property
    def codes(self) -> tuple[str, ...]:
        """Codes of the faults named, remarks left out, each once."""
        named = [fault.code for verdict in self.verdicts.values() for fault in verdict.faults]
        return tuple(dict.fromkeys(named))

    @property
    def remarks(self) -> tuple[str, ...]:
        """Codes of what is noted and costs nothing."""
        noted = [fault.code for verdict in self.verdicts.values() for fault in verdict.remarks]
        return tuple(dict.fromkeys(noted))


def _lacks_epochs(subjects: tuple[Subject, ...]) -> bool:
    """Whether some call ended well after fewer epochs than asked for."""
    return any(
        subject.call.error is None and 0 < len(subject.course.epochs) < subject.call.n_epochs for subject in subjects
    )


def _only_one_epoch(subjects: tuple[Subject, ...]) -> bool:
    """Whether each call made one epoch, though they were asked for different numbers."""
    asked = {subject.call.n_epochs for subject in subjects}
    return len(asked) > 1 and all(len(subject.course.epochs) == 1 for subject in subjects)


def judge_training(log: TrainingLog, origins: Origins | None = None) -> Training:
    """Judge all calls together: a fault that shows in one of them is named once.

    Parameters
    ----------
    origins
        Where the rows of the student's arrays come from; without it the student's own labels stand for the true ones.
    """
    origins = origins or Origins(log.tables.classes)
    subjects = tuple(Subject(call, log.tables, origins) for call in log.calls)
    stepped = [len(subject.call.steps) > 0 for subject in subjects]
    findings: list[Finding] = []
    first_error: Fault | None = None
    for subject in subjects:
        error = error_fault(subject)
        if error is not None and not len(subject.call.steps) and _lacks_epochs(subjects):
            error = None  # one epoch was asked for, none was run, and the code was not ready for that
        first_error = first_error or error
        findings += judge_run(subject, error, steps_elsewhere=any(stepped), only_one=_only_one_epoch(subjects))
        for judge in (judge_graph, judge_rows, judge_order, judge_labels, judge_held_out):
            findings += judge(subject)
        findings += judge_evaluation(subject)
        if not any(finding.aspect is Aspect.REPORT for finding in findings):
            findings += judge_report(subject)
    said = verdicts(findings, first_error)
    if any(subject.call.own_optimizer for subject in subjects):
        # What it did cannot be computed again, so no more is believed of it than what spoils a training leaves.
        own = fault("train-op-not-run")
        said = {
            aspect: replace(one, share=min(one.share, BELIEVED), because=one.because or own)
            for aspect, one in said.items()
        }
    if not any(stepped):
        # Without a step there is nothing to judge and nothing to earn.
        said |= {
            aspect: Verdict(aspect, 0.0, because=findings[0].fault) for aspect in Aspect if aspect is not Aspect.RUN
        }
    return Training(said, subjects)
