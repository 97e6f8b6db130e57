"""Write the table of the reader's results on the corpus: ``evaluation/reader-report.md``."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from .products import Entry
from .reading import Row, verdict
from .trained import Trained

__all__ = ["write"]

Result = tuple[Entry, Row, str]
GOOD = "right"


def latest(entries: Sequence[Entry], rows: Iterable[Row], mode: str) -> list[Result]:
    """Each entry with the last row that was measured of it, and the verdict."""
    by_name: dict[str, Row] = {}
    for row in rows:
        if row.mode == mode:
            by_name[row.name] = row
    found = []
    for entry in sorted(entries, key=lambda entry: entry.name):
        row = by_name.get(entry.name)
        if row is not None and row.digest == entry.digest:
            found.append((entry, row, verdict(entry, row)))
    return found


def write(
    path: Path,
    entries: Sequence[Entry],
    rows: Sequence[Row],
    states: Mapping[str, int],
    explained: Mapping[str, str],
    trained: Sequence[Trained],
) -> None:
    """Write the page.

    Parameters
    ----------
    path
        Where to.
    entries, rows
        The products and all that was measured of them.
    states
        How many products were made, by what became of them.
    explained
        A sentence for a product that is read wrongly, by its name.
    trained
        What training said of the labels.
    """
    lab, static = latest(entries, rows, "lab"), latest(entries, rows, "static")
    path.write_text("\n".join(_page(path, lab, static, states, explained, trained)) + "\n", encoding="utf-8")


def _page(
    path: Path,
    lab: Sequence[Result],
    static: Sequence[Result],
    states: Mapping[str, int],
    explained: Mapping[str, str],
    trained: Sequence[Trained],
) -> Iterator[str]:
    keras = path.stem == "reader-keras"
    commits = Counter(row.commit for _, row, _ in lab)
    programs = len({entry.program for entry, _, _ in lab})
    kept = f"evaluation/reader_corpus{'_keras' if keras else ''}.jsonl"
    yield "# How the reader judges Keras models" if keras else "# How the reader judges the corpus"
    yield ""
    yield f"Written by `make reader-report`; its rows are in `{kept}`, with the measured commit"
    yield f"(here {', '.join(f'{commit}: {count}' for commit, count in commits.most_common())})."
    yield ""
    yield f"{programs} independently written right networks, and operators on them (`tests/corpus`). A NumPy reference confirmed"
    yield f"the label of {states.get('good', 0)} of their products;"
    yield f"{states.get('raises', 0)} raise an exception when built, so there is no graph to read, and"
    yield f"{states.get('mislabelled', 0)} did not match their label. Both kinds are left out."
    yield ""
    yield f"A second oracle (`python -m tests.corpus train{' --keras' if keras else ''}`, rows in `{kept.replace('corpus', 'trained')}`) trained {len(trained)} of the products for"
    yield "300 minibatches. Right ones must get more than half of the test images right, or explain half of the numbers' variance; those that cannot learn must"
    yield "not; a layer that should not change must not change. These contradict their label:"
    yield ""
    yield from [f"- {row.name}: {row.problem}" for row in trained if row.problem] or ["- nothing"]
    yield ""
    yield from _totals(lab, static)
    yield ""
    yield "## By fault"
    yield ""
    yield "Products of one operator, or of two (`pairs`). *False alarm*: the fault is named, but also one that is not there."
    yield ""
    yield from _table("fault", _by_fault(lab))
    yield ""
    yield "## Right networks by operator"
    yield ""
    yield from _table("change", _by_operator(lab))
    yield ""
    yield "## By program"
    yield ""
    yield from _table("program", _by_program(lab))
    yield ""
    yield "## All misreadings"
    yield ""
    yield from _misses(lab, explained)
    yield ""
    yield "## Without a lab"
    yield ""
    yield "Nothing runs. Much stays undecided, and the reader must not guess."
    yield ""
    yield from _misses([result for result in static if result[2] not in {"undecided", "missed", "partly"}], explained)


def _totals(lab: Sequence[Result], static: Sequence[Result]) -> Iterator[str]:
    yield "| | products | right | partly | undecided | rejected or false alarm | missed | wrong code | failed | right, % |"
    yield "|---|---|---|---|---|---|---|---|---|---|"
    for title, results in (("with a lab", lab), ("without running anything", static)):
        for kind, wanted in (("right networks", True), ("faulty networks", False)):
            count = Counter(what for entry, _, what in results if entry.right is wanted)
            total = sum(count.values())
            share = f"{100 * count[GOOD] / total:.1f}" if total else ""
            bad = count["rejected"] + count["false alarm"]
            yield (
                f"| {kind}, {title} | {total} | {count[GOOD]} | {count['partly']} | {count['undecided']} | {bad} | {count['missed']} "
                f"| {count['wrong code']} | {count['failed']} | {share} |"
            )
    seconds = sorted(row.seconds for _, row, _ in lab)
    if seconds:
        yield ""
        yield f"CPU seconds for a product with a lab: median {seconds[len(seconds) // 2]:.2f}, largest {seconds[-1]:.2f}."


def _table(title: str, groups: Mapping[str, Sequence[str]]) -> Iterator[str]:
    columns = ("right", "partly", "undecided", "rejected", "false alarm", "missed", "wrong code", "failed")
    yield f"| {title} | products | " + " | ".join(columns) + " |"
    yield "|---" * (len(columns) + 2) + "|"
    for name in sorted(groups):
        count = Counter(groups[name])
        cells = [str(count[column] or "") for column in columns]
        yield f"| {name} | {len(groups[name])} | " + " | ".join(cells) + " |"


def _by_fault(results: Sequence[Result]) -> Mapping[str, Sequence[str]]:
    groups: dict[str, list[str]] = defaultdict(list)
    for entry, _, what in results:
        if len(entry.operators) > 1:
            groups["(pairs)"].append(what)
        elif entry.codes:
            groups[", ".join(entry.codes)].append(what)
    return groups


def _by_operator(results: Sequence[Result]) -> Mapping[str, Sequence[str]]:
    groups: dict[str, list[str]] = defaultdict(list)
    for entry, _, what in results:
        if not entry.codes:
            groups[", ".join(entry.operators) or "(nothing)"].append(what)
    return groups


def _by_program(results: Sequence[Result]) -> Mapping[str, Sequence[str]]:
    groups: dict[str, list[str]] = defaultdict(list)
    for entry, _, what in results:
        groups[entry.program].append(what)
    return groups


def _misses(results: Sequence[Result], explained: Mapping[str, str]) -> Iterator[str]:
    wrong = [result for result in results if result[2] != GOOD]
    if not wrong:
        yield "Nothing."
        return
    yield "| product | expected | named | verdict | reason |"
    yield "|---|---|---|---|---|"
    for entry, row, what in wrong:
        said = ", ".join(row.faults) or row.problem or ("undecided" if row.undecided else "nothing")
        wanted = ", ".join(entry.codes) or "nothing"
        yield f"| {entry.name} | {wanted} | {said} | {what} | {_why(entry.name, explained)} |"


def _why(name: str, explained: Mapping[str, str]) -> str:
    """The sentence of the longest key that `name` begins with or holds."""
    keys = [key for key in explained if key in name]
    return explained[max(keys, key=len)] if keys else ""
