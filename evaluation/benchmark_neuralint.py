"""NeuraLint's own tool on its programs and on ours: rows with the tool ``neuralint`` in ``evaluation/benchmarks.csv``.

    python -m evaluation.benchmark_neuralint FOLDER [--java FILE] [--activation FILE]

FOLDER is as in `evaluation.benchmarks`. The tool reads sources, so that no program of a stranger runs but the tool: that one
is Python and Java (Groove), and runs in a cage. It has to be told the shapes of a batch that goes in and comes out, which
are taken from the source; its faults keep the tool's own names, f001 to f027. Since Java 11 its checker needs a jar of
`javax.activation` (Debian: libactivation-java).
"""

from __future__ import annotations

import argparse
import ast
import json
import re
import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evaluation.benchmarks import FIELDS, ROWS, checked, claims, content, rows
from evaluation.rows import append_row
from notebook_cage import Limits, Mount, Plan, open_sandbox
from tests.corpus.reading import commit
from tests.corpus.source import FUNCTIONS, program_text
from tests.programs import programs

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

TOOL, WORK = "neuralint", "/run/work"
JAVA, ACTIVATION = str(Path(shutil.which("java") or "java").resolve()), Path("/usr/share/java/javax.activation.jar")
LIMITS = Limits(wall_seconds=3000, memory_bytes=4_000_000_000)
#: Runs in the sandbox, in a copy of the tool; writes one line of JSON per job: the result, or why it stopped.
DRIVER = """
import json, os, subprocess, sys, time, warnings
warnings.simplefilter("ignore")
sys.path.insert(0, os.getcwd())
import grooveParser, parser_Keras, parser_TF
grooveParser.faultCodeTranslator = str
java, answers = sys.argv[1], open("answers", "w")
for number, (kind, given, put_out) in enumerate(json.load(open("jobs.json"))):
    begun, name = time.monotonic(), f"job{number}"
    folder = "TF_graphs" if kind == "tf" else "Keras_graphs"
    try:
        parser = parser_TF if kind == "tf" else parser_Keras
        parser.main(name, input_size=given, output_size=put_out)
        done = subprocess.run([java, "-Xbootclasspath/a:activation.jar",
            "-Dcom.sun.xml.bind.v2.bytecode.ClassTailor.noOptimize=true", "-jar", "groove-5_7_4-bin/groove-5_7_4/bin/Generator.jar", "-f",
            f"{folder}/{name}GrooveOut.gst", "-s", "bfs", "DNN-metamodel.gps", f"{folder}/{name}.gst"],
            capture_output=True, text=True, timeout=300)
        if not os.path.exists(f"{folder}/{name}GrooveOut.gst"):
            raise RuntimeError("Groove: " + (done.stderr or done.stdout)[-200:])
        said, why = grooveParser.main(name + "GrooveOut", parserType=kind), ""
    except BaseException as error:
        said, why = "", f"{type(error).__name__}: {error}"
    answers.write(json.dumps([said, why, round(time.monotonic() - begun, 1)]) + "\\n")
    answers.flush()
"""


def sizes(source: str) -> tuple[list[int], list[int]]:
    """Return the shapes of an input and an output batch: MNIST's, unless a Keras layer declares others."""
    given, units = [32, 28, 28, 1], 10
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return given, [32, units]
    for call in [node for node in ast.walk(tree) if isinstance(node, ast.Call)]:
        for word in call.keywords:
            value = _literal(word.value)
            if word.arg == "input_shape" and isinstance(value, list | tuple):
                given = [32, *value]
            elif word.arg == "batch_input_shape" and isinstance(value, list | tuple):
                given = [32, *value[1:]]
            elif word.arg == "input_dim" and isinstance(value, int):
                given = [32, value]
        if isinstance(call.func, ast.Name | ast.Attribute) and call.args and _name(call.func) == "Dense":
            value = _literal(call.args[0])
            units = value if isinstance(value, int) else units
    return given, [32, units]


def _name(func: ast.Name | ast.Attribute) -> str:
    return func.id if isinstance(func, ast.Name) else func.attr


def _literal(node: ast.expr) -> Any:
    try:
        return ast.literal_eval(node)
    except ValueError:
        return None


def jobs(folder: Path) -> Iterator[tuple[str, str, str]]:
    """Yield set, name and source of each program for the tool."""
    for claim in claims():
        if claim.set == "NeuraLint":
            yield claim.set, claim.program, (folder / claim.set / claim.program).read_text("utf-8", "replace")
    for file in FUNCTIONS:
        for name in programs(f"networks/{file}"):
            yield "corpus", f"{file}/{name}.py", program_text(f"{file}/{name}")


def settings(java: Path) -> list[Mount]:
    """Return mounts of Java's settings, which some systems keep in /etc, invisible in a cage."""
    folder = (java.parents[1] / "conf" / "security" / "java.security").resolve().parents[1]
    return [Mount(folder, str(folder))] if folder.is_relative_to("/etc") else []


def main() -> None:
    """Run the tool on all programs without a row."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--java", default=JAVA)
    parser.add_argument("--activation", type=Path, default=ACTIVATION)
    arguments = parser.parse_args()
    checked(arguments.folder)
    known = rows(TOOL)
    todo = [job for job in jobs(arguments.folder) if job[:2] not in known]
    if not todo:
        return
    for (kind, program, _), (codes, why, seconds) in zip(
        todo, asked(arguments.folder, [job[1:] for job in todo], arguments.java, arguments.activation), strict=False
    ):
        row = {"tool": TOOL, "commit": commit(), "set": kind, "program": program, "ended": why}
        append_row(ROWS, FIELDS, {**row, "faults": " ".join(codes), "seconds": str(seconds)})


def asked(
    folder: Path, programs: Sequence[tuple[str, str]], java: str = JAVA, activation: Path = ACTIVATION
) -> Iterator[tuple[list[str], str, float]]:
    """Yield codes, reason for stopping and seconds per program; fewer if the tool was killed."""
    with tempfile.TemporaryDirectory() as name:
        work, told = Path(name) / "work", []
        shutil.copytree(folder / "NeuraLint", work, ignore=shutil.ignore_patterns(".git"))
        shutil.copyfile(activation, work / "activation.jar")
        for number, (program, source) in enumerate(programs):
            (work / f"job{number}.py").write_text(source, encoding="utf-8")
            keras = re.search(r"keras|Sequential|model\.add", source) and "Synthetic" not in program
            told.append(("keras" if keras else "tf", *sizes(source)))
        (work / "jobs.json").write_text(json.dumps(told), encoding="utf-8")
        (work / "driver.py").write_text(DRIVER, encoding="utf-8")
        plan = Plan(
            argv=["/bin/sh", "-c", f"cd {WORK} && exec {sys.executable} driver.py {java}"],
            mounts=[Mount(work, WORK, writable=True), *settings(Path(java))],
            limits=LIMITS,
        )
        outcome = open_sandbox().start(plan).wait()
        answers = content(work / "answers").decode("utf-8", "replace").splitlines()
        if not answers and outcome is not None:
            sys.exit(f"The tool did not run: {outcome.error_tail[-500:]}")
        for line in answers:
            said, why, seconds = json.loads(line)
            yield sorted(set(re.findall(r"f\d{3}", str(said)))), str(why)[:200], float(seconds)


if __name__ == "__main__":
    main()
