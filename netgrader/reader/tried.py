"""All that is known of a graph: what following it found, and what trying it out showed. Faults are functions of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from netgrader.reader.find.scores import LossReading
from netgrader.reader.trial.layer_trial import LayerTrial
from netgrader.reader.trial.optimizer_trial import Descent
from netgrader.reader.trial.output_trial import OutputTrial, RowTrial
from netgrader.reader.trial.start import Setup, Start

if TYPE_CHECKING:
    from collections.abc import Mapping

    from netgrader.reader.find.found import Found

__all__ = ["Reading"]


@dataclass(frozen=True)
class Reading:
    """What is known of a graph; what could not be tried out has its default.

    Attributes
    ----------
    found
        What following the graph found, as experiments refined it.
    setup
        How the graph could be run.
    start, layers, loss, outputs, descent, rows
        What each experiment showed.
    averages_vary
        Whether statistics of the data begin with different values, by variable.
    """

    found: Found
    setup: Setup = field(default_factory=Setup)
    start: Start = field(default_factory=Start)
    layers: LayerTrial = field(default_factory=LayerTrial)
    loss: LossReading = field(default_factory=LossReading)
    outputs: OutputTrial = field(default_factory=OutputTrial)
    descent: Descent = field(default_factory=Descent)
    rows: RowTrial = field(default_factory=RowTrial)
    averages_vary: Mapping[str, bool] = field(default_factory=dict)
