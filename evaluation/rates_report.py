"""Write ``evaluation/rates.md``, verdicts on good and bad rates, from ``evaluation/rates.csv``."""

from __future__ import annotations

from collections import Counter, defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from evaluation.rates import FILE, NETWORKS, OPTIMIZERS, POWERS
from evaluation.rows import rows_of
from netgrader.judges.learning_rate import Runs, ShortRun, compare_rates, is_settled

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    Row = Mapping[str, str]

PAGE = Path(__file__).with_name("rates.md")
GOOD, LOW, HIGH, DIVERGES = "good", "learning-rate-too-low", "learning-rate-too-high", "learning-rate-diverges"
WORDS = {GOOD: "good", LOW: "too low", HIGH: "too high", DIVERGES: "diverges"}
BETTER = {"rmsprop": 1}
"""Optimizers whose good rate is this many powers of three above the middle one."""
AROUND, BEYOND = 3, 2
"""Powers of three around the good rate to report, and the one that counts as far off: nine times replaces ten times."""

HEAD = f"""# How the grader judges learning rates

Written by `make rates-report` from [rates.csv](rates.csv), whose rows name the measured commit. Each row
is a run of {Runs.STEPS} steps of 64 images, from one seed, at one rate. Rates are a factor of three apart, around one that a person would
call good: the best of a sweep over an epoch, or near it. As in [learning_rate.py](../packages/netgrader/src/netgrader/judges/learning_rate.py), runs from the same seed at a third, three and
nine times a rate decide about it (the grader uses ten times).

Each cell counts the seeds for which the rate is good (+), too low (<), too high (>) or diverging (!). If a cell has two signs,
seeds differ. The column heads are rates in units of the good one.
"""


def runs_of(found: Iterable[Row]) -> tuple[dict[float, ShortRun], dict[float, ShortRun]]:
    """Return the runs in one seed's rows by rate: complete, and after `EARLY` steps."""
    whole, early = {}, {}
    for row in found:
        rate = float(row["rate"])
        for runs, end in ((whole, ""), (early, "_early")):
            # A verdict uses only the first loss, the highest, and the mean of the last ones.
            losses = [float(row["first"]), float(row[f"highest{end}"]), *[float(row[f"loss{end}"])] * Runs.SMOOTH]
            runs[rate] = ShortRun(rate, np.array(losses), float(row["accuracy_early"]), float(row[f"accuracy{end}"]))
    return whole, early


def verdicts() -> tuple[dict[tuple[str, str], list[Counter[str]]], list[str], Counter[bool]]:
    """Return verdicts by network, optimizer and power of three; wrong early ones; numbers of early ones."""
    by_seed: dict[tuple[str, str, str], list[Row]] = defaultdict(list)
    for row in rows_of(FILE):
        by_seed[row["network"], row["optimizer"], row["seed"]].append(row)
    said: dict[tuple[str, str], list[Counter[str]]] = defaultdict(lambda: [Counter() for _ in POWERS])
    wrong, settled = list[str](), Counter[bool]()
    for (network, optimizer, seed), found in sorted(by_seed.items()):
        whole, early = runs_of(found)
        if len(whole) < len(POWERS):
            continue  # not all rates of this seed have been run yet
        rates = sorted(whole)
        for at in range(1, len(rates) - 1):
            third, rate, triple, far = (rates[min(at + step, len(rates) - 1)] for step in (-1, 0, 1, BEYOND))
            for best in (False, True):  # of a plausible sweep
                verdict = compare_rates(whole[third], whole[rate], whole[triple], whole[far], found=best)
                code = GOOD if verdict is None else verdict.code
                said[network, optimizer][at][code] += not best
                if is_settled(early[third], early[rate], early[triple], found=best):
                    settled[best] += 1
                    wrong += [f"{network}, {optimizer}, {rate:g}, seed {seed}: {WORDS[code]}"][: code != GOOD]
    return said, wrong, settled


def cell(counts: Counter[str]) -> str:
    """Return the counts for one rate in short form."""
    signs = {GOOD: "+", LOW: "<", HIGH: ">", DIVERGES: "!"}
    return " ".join(f"{signs[code]}{counts[code]}" for code in signs if counts[code])


def table(said: Mapping[tuple[str, str], Sequence[Counter[str]]]) -> list[str]:
    """Return the lines of the table without the outermost rates, which lack neighbors."""
    powers = range(-AROUND, AROUND + 1)
    shown = ["1" if power == 0 else f"{3**power}" if power > 0 else f"1/{3**-power}" for power in powers]
    lines = ["| network | optimizer | good rate | " + " | ".join(shown) + " |", "|---" * (len(powers) + 3) + "|"]
    for network in NETWORKS:
        for optimizer, good in OPTIMIZERS.items():
            counts = said.get((network, optimizer))
            if counts is not None:
                by = BETTER.get(optimizer, 0)
                cells = " | ".join(cell(counts[at]) if at < len(POWERS) - 1 else "" for at in _around(by))
                lines.append(f"| {network} | {optimizer} | {good[network] * 3**by:.2g} | {cells} |")
    return lines


def _around(by: int) -> range:
    """Return the indexes of the good rate and its neighbors."""
    good = by - POWERS[0]
    return range(good - AROUND, good + AROUND + 1)


def kept(said: Mapping[tuple[str, str], Sequence[Counter[str]]]) -> tuple[Counter[str], Counter[str]]:
    """Return the verdicts on good rates, and on those nine times too high or too low."""
    good, off = Counter[str](), Counter[str]()
    for (_, optimizer), counts in said.items():
        middle = BETTER.get(optimizer, 0) - POWERS[0]
        good += counts[middle]
        off += counts[middle - BEYOND] + counts[middle + BEYOND]
    return good, off


def promises(said: Mapping[tuple[str, str], Sequence[Counter[str]]]) -> list[str]:
    """Return the table of both promises, and how often they were kept."""
    good, off = kept(said)
    return [
        "| promise | measured |",
        "|---|---|",
        f"| a good rate is never rejected | {good[GOOD]} of {good.total()} judged good |",
        f"| nine times a good rate, or a ninth, is named | {off.total() - off[GOOD]} of {off.total()} named |",
    ]


def page() -> str:
    """Return the page."""
    said, wrong, settled = verdicts()
    commits = sorted({row["commit"] for row in rows_of(FILE)})
    early = [
        "",
        "## Shorter runs",
        "",
        f"After {Runs.EARLY} steps the runs end if nothing can count against the rate any more. Here this applies to {settled[False]} verdicts,",
        f"and to {settled[True]} if the rate is the best of a plausible sweep; the full runs disagree in {len(wrong)}{': ' + '; '.join(wrong) if wrong else ''}.",
    ]
    lines = [
        HEAD,
        *table(said),
        "",
        *promises(said),
        *early,
        "",
        f"{len(rows_of(FILE)):,} runs at {', '.join(commits)}.",
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Write the page."""
    PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
