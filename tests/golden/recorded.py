"""Evidence for a file of tests, from its archive or rerun."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from tests.golden.archive import Archive, key_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

HERE = Path(__file__).parent
TESTS = HERE.parent


class Golden(StrEnum):
    """Where evidence comes from: the archive; programs that are run now; the archive, to which these add what it lacks."""

    REPLAY = "replay"
    LIVE = "live"
    RECORD = "record"


def archive_of(tests: Path) -> Path:
    """Return where the archive of a file of tests is."""
    return HERE / tests.relative_to(TESTS).with_suffix(".tar.xz")


class Recorded:
    """Folders of evidence for one file of tests.

    Parameters
    ----------
    tests
        The file of tests.
    golden
        Where they come from; a file of tests that has no archive runs the programs.
    unpacked
        An empty folder.
    """

    def __init__(self, tests: Path, golden: Golden, unpacked: Path) -> None:
        path = archive_of(tests)
        self._golden = Golden.LIVE if golden is Golden.REPLAY and not path.exists() else golden
        self._archive = Archive(path, unpacked)

    def obtain(
        self, folder: Path, wanted: Mapping[str, object], make: Callable[[list[str]], None], live: Collection[str] = ()
    ) -> None:
        """Fill ``folder / name`` for each name that is wanted.

        Parameters
        ----------
        folder
            Where they go.
        wanted
            All that each is made from, as JSON, by name.
        make
            Makes those of these names.
        live
            Names of those that are made now in any case.
        """
        keys = {name: key_of(terms) for name, terms in wanted.items()}
        kept = {} if self._golden is Golden.LIVE else {name: key for name, key in keys.items() if key in self._archive}
        if self._golden is Golden.REPLAY:
            changed = [name for name in keys if name not in kept and name not in live]
            assert not changed, f"{changed[:3]}, {len(changed)} in all, changed: python -m tests.golden records them"
        again = {*live, *(name for name, key in kept.items() if self._archive.is_too_large(key))}
        if missing := [name for name in keys if name not in kept or name in again]:
            make(missing)
        for name in keys.keys() - set(missing):
            self._archive.restore(keys[name], folder / name)
        if self._golden is Golden.RECORD:
            for name in keys.keys() - set(live):
                self._archive.add(keys[name], folder / name)

    def close(self) -> None:
        """Write the archive if it is being recorded."""
        if self._golden is Golden.RECORD:
            self._archive.write()
