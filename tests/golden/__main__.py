"""Record what the archives lack, and forget what no test asks for: ``python -m tests.golden [--anew] [FILE…]``."""

import argparse
import subprocess
import sys
from pathlib import Path

from tests.golden.recorded import HERE, TESTS, archive_of


def main() -> int:
    """Run the files' tests, which record; their exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--anew", action="store_true", help="record everything")
    parser.add_argument("files", nargs="*", type=Path, help="files of tests; all that have an archive if none")
    options = parser.parse_args()
    known = [
        TESTS / path.relative_to(HERE).with_name(path.name.partition(".")[0] + ".py") for path in HERE.rglob("*.xz")
    ]
    files = [file.resolve() for file in options.files] or sorted(known)
    if options.anew:
        for file in files:
            archive_of(file).unlink(missing_ok=True)
    return subprocess.run([sys.executable, "-m", "pytest", "-q", "--golden=record", *files], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
