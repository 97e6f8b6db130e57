"""Run a sandbox's self-tests on this machine: ``python -m notebook_cage [SANDBOX]``."""

import sys

from notebook_cage.bubblewrap import BubblewrapSandbox
from notebook_cage.sandboxes import SANDBOXES, open_sandbox
from notebook_cage.self_tests import run_self_tests
from notebook_cage.types import SandboxError

USAGE = f"usage: python -m notebook_cage [{' | '.join(SANDBOXES)}]"


def main(name: str = BubblewrapSandbox.name) -> int:
    """Print each promise with its observation; return 1 if a required one is broken or untestable."""
    if name in {"-h", "--help"}:
        sys.stdout.write(f"{USAGE}\n")
        return 0
    try:
        tried = run_self_tests(open_sandbox(name))
    except SandboxError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    for one in tried:
        sys.stdout.write(f"{'kept' if one.held else 'OPEN'}  {one.name}: {one.detail}\n")
    return int(any(one.broken for one in tried))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:2]))
