"""Run a student's notebook cell by cell in IPython, in a separate process in the given folder; print JSON lines."""

from __future__ import annotations

import json
import sys
import time

from IPython.core.displaypub import CapturingDisplayPublisher
from IPython.core.interactiveshell import InteractiveShell

CELLS = json.loads(sys.stdin.read())


def main() -> None:
    out = sys.stdout
    shell = InteractiveShell.instance(display_pub_class=CapturingDisplayPublisher)
    for source in CELLS:
        shell.display_pub.outputs.clear()
        start = time.process_time()  # of this process: the machine may be busy
        result = shell.run_cell(source)
        seconds = time.process_time() - start
        shown = [output["data"] for output in shell.display_pub.outputs]
        error = result.error_before_exec or result.error_in_exec
        out.write(json.dumps({"shown": shown, "error": repr(error) if error else None, "seconds": seconds}) + "\n")


if __name__ == "__main__":
    main()
