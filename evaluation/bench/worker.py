"""A grading worker like those of `netgrader autograde` that prints one line of JSON per graded notebook.

``python -m evaluation.bench.worker COURSE THREADS NOTEBOOK…``; a notebook that is listed twice is graded twice.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from netgrader.course import Course
from netgrader.grading.execution import RESULT, Execution
from netgrader.grading.grade_submission import grade_job
from netgrader.grading.jobs import find_jobs
from netgrader.grading.result_store import open_store
from netgrader.grading.stages import Options


def main(course: Course, threads: int, notebooks: list[Path]) -> None:
    """Grade `notebooks`, one after the other."""
    known: set[Path] = set()
    for notebook in notebooks:
        options = Options(threads=threads, anew=notebook in known)
        known.add(notebook)
        for job in find_jobs(notebook, course):
            result = grade_job(job, options).result
            told = {
                "notebook": job.notebook,
                "score": result.score,
                "max_score": result.max_score,
                "seconds": dict(result.seconds),
                "own_cpu": own_cpu_seconds(course),
            }
            sys.stdout.write(json.dumps(told) + "\n")
            sys.stdout.flush()


def own_cpu_seconds(course: Course) -> float:
    """Processor seconds that the student's cells took in the newest run of the store."""
    runs = (open_store(course).root / "execute").glob(f"*/*/content/{RESULT}")
    newest = max(runs, key=lambda path: path.stat().st_mtime)
    return sum(cell.cpu_seconds for cell in Execution.load(newest.parent).cells)


if __name__ == "__main__":
    main(Course(Path(sys.argv[1])), int(sys.argv[2]), [Path(name) for name in sys.argv[3:]])
