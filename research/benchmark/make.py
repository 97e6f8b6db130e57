"""Make the benchmark from the corpus: choose products, write each as a program of its own, let the oracle confirm it.

What is chosen follows from names alone, so that the same corpus gives the same benchmark. A program that is labelled already is
not confirmed again unless its text changed. Where time is short, what the oracle said of the same program when the corpus was
made stands for it (`tests.corpus.products`); the next run measures the published file itself.
"""

from __future__ import annotations

import ast
import difflib
import hashlib
import json
import re
import sys
import time
from collections import Counter, defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from research.benchmark.load import HERE, lines
from tests.corpus import building, eager
from tests.corpus.catalogue_keras import KerasProgram
from tests.corpus.oracle import Expect, Run, rows, verify
from tests.corpus.products import OPERATORS, Product, digest, named, products
from tests.corpus.products import load as corpus_entry
from tests.corpus.reading import KEPT
from tests.corpus.source import Source
from tests.corpus.trained import kept

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


LABELS, PROGRAMS = HERE / "labels.jsonl", HERE / "programs"
TASKS, CODES = (json.loads((HERE / name).read_text(encoding="utf-8")) for name in ("tasks.json", "faults.json"))
#: About what a course's function hands over, and not about the network.
LEFT_OUT = {"missing-tensor", "built-in-default-graph", "built-twice", "labels-not-one-hot"}
OPERATORS_LEFT_OUT = {"logits-are-probabilities", "no-parts", "keras-with-examples", "keras-trained-before"}
#: What the same mistake may be called as well; what else may be said of a program follows from its mistake.
OTHER_NAMES = {"wrong-activation", "relu-on-logits", "huge-initialisation"}
#: In each split: mistakes of a code, programs with two mistakes, right programs.
EACH, PAIRS, RIGHT = 2, 6, {"graph": 52, "keras": 14}
GIVEN = """
def fully_connected_layer(x, n_output, name=None, activation=None):
    with tf.variable_scope(name, default_name='fully_connected'):
        n_input = int(x.shape[-1])
        weights = tf.get_variable('W', [n_input, n_output], initializer=tf.glorot_uniform_initializer())
        biases = tf.get_variable('b', [n_output], initializer=tf.zeros_initializer())
        h = tf.nn.bias_add(tf.matmul(x, weights), biases)
        return (h if activation is None else activation(h)), weights
"""
SWITCHES = {"resource": "tf.enable_resource_variables()", "control-flow-v2": "tf.enable_control_flow_v2()"}
GRAPH_END = """
# The benchmark's own lines, the same in each program: what is built, and its parts by their names.
net = {call}
part = net.get if isinstance(net, dict) else lambda name: getattr(net, name, None)
graph, feed = part('graph'), part('eval_feed') or {{}}
parts = {{name: part(name) for name in {names} if part(name) is not None}}
"""
KERAS_END = """
# The benchmark's own lines, the same in each program: what is built, and which labels it is trained with.
model = {call}
labels = {labels!r}
"""


def api(product: Product) -> str:
    """Which interface a program uses."""
    return "keras" if isinstance(product.program, KerasProgram) else "graph"


def text(product: Product, source: Source | None = None) -> str:
    """The program as it is published: without comments, its own description, and the place it was made for."""
    tree = (source or product.source).copy().tree
    if isinstance(tree.body[0], ast.Expr) and isinstance(tree.body[0].value, ast.Constant):
        del tree.body[0]
    function, keras = product.program.exercise, api(product) == "keras"
    own = (
        ["import keras", "import tensorflow as tf"]
        if keras
        else ["import numpy as np", "import tensorflow.compat.v1 as tf"]
    )
    tree.body = [node for node in tree.body if ast.unparse(node) not in own]
    if keras:
        labels = "numbers" if function == "keras_regression" else eager.form_of((source or product.source).text())
        return "\n".join(own) + "\n" + _unparsed(tree) + KERAS_END.format(call=f"{function}()", labels=labels)
    switches = sorted(switch for change in product.changes for switch in change.switches)
    head = [*own, "", "tf.disable_v2_behavior()", *(SWITCHES[switch] for switch in switches), ""]
    body = _unparsed(tree)
    given = GIVEN if "fully_connected_layer" in body and "def fully_connected_layer" not in body else ""
    call = function + ("()" if function == "deep_network" else f"(learning_rate={product.rate})")
    return "\n".join(head) + given + "\n" + body + GRAPH_END.format(call=call, names=building.CONTRACT)


def _unparsed(tree: ast.Module) -> str:
    return ast.unparse(ast.fix_missing_locations(tree)) + "\n"


def places(product: Product) -> list[list[list[int]]]:
    """For each mistake in turn, the lines of the published program that are not those of the right one."""
    last = text(product)
    if not product.changes:
        return []
    earlier = [
        text(product, Source.read(product.program.name)),
        *(text(product, c.source) for c in product.changes[:-1]),
    ]
    found = [_changed(one, last) for one in earlier]
    for number in range(len(found) - 1):
        found[number] -= found[number + 1]
    return [_ranges(sorted(one)) for one in found]


def _changed(old: str, new: str) -> set[int]:
    blocks = difflib.SequenceMatcher(None, old.splitlines(), new.splitlines(), autojunk=False).get_opcodes()
    return {
        line + 1 for what, _, _, first, end in blocks if what != "equal" for line in range(first, max(end, first + 1))
    }


def _ranges(numbers: Sequence[int]) -> list[list[int]]:
    found: list[list[int]] = []
    for number in numbers:
        if found and number == found[-1][1] + 1:
            found[-1][1] = number
        else:
            found.append([number, number])
    return found


def split(name: str) -> str:
    """Which part a program belongs to: by the name of its file alone, so that no style stands on both sides."""
    stem = name.partition("+")[0].rpartition("/")[2]
    return "dev" if hashlib.sha256(stem.encode()).digest()[0] % 2 else "test"


def order(name: str) -> str:
    """An order that nothing can be read from; its beginning is the id of a program."""
    return hashlib.sha256(name.encode()).hexdigest()


def candidates() -> Iterator[tuple[str, str, str, list[str]]]:
    """Names of products that a program of its own can be, with what is wrong with them, their interface and their operators."""
    graphs = {json.loads(line)["name"] for line in KEPT["graphs"].read_text(encoding="utf-8").splitlines()}
    for name in sorted(graphs | {product.name for product in products(1, 10_000, keras=True)}, key=order):
        operators = re.findall(r"\+([a-z-]+)\(", name)
        codes = {code for one in operators for code in OPERATORS[one].codes}
        if not codes & LEFT_OUT and not OPERATORS_LEFT_OUT & set(operators):
            kind = "two mistakes" if len(operators) > 1 else " ".join(sorted(codes))
            yield name, kind, "keras" if name.startswith("keras") else "graph", operators


def chosen(known: dict[str, dict[str, Any]], until: float) -> Iterator[dict[str, Any]]:
    """Labels of the programs that are chosen, each confirmed; what the oracle does not confirm the next one takes the place of."""
    groups: dict[tuple[str, str, str], list[tuple[str, list[str]]]] = defaultdict(list)
    for name, kind, interface, operators in candidates():
        groups[interface, kind, split(name)].append((name, operators))
    used: Counter[str] = Counter()
    for (interface, kind, _), some in sorted(groups.items(), key=lambda group: (group[0][0], len(group[1]), group[0])):
        wanted = RIGHT[interface] if not kind else PAIRS if kind == "two mistakes" else EACH
        waiting = list(some)
        while wanted and waiting:
            name, operators = one = min(
                waiting, key=lambda one: (used[one[0].partition("+")[0]], sum(used[o] for o in one[1]))
            )
            waiting.remove(one)
            label = labelled(named(name), known, until)
            if label is not None:
                wanted -= 1
                used.update([name.partition("+")[0], *operators])
                yield label


def labelled(product: Product, known: dict[str, dict[str, Any]], until: float) -> dict[str, Any] | None:
    """The line of a program, or None where the oracle does not confirm what it is; the program is written."""
    content = text(product)
    sha256 = hashlib.sha256(content.encode()).hexdigest()
    old = known.get(product.name, {})
    evidence = old["evidence"] if old.get("sha256") == sha256 and old["evidence"]["compared"] else {}
    if "unlike_the_right_one" not in evidence and time.monotonic() < until:
        evidence = confirmed(product, content)
    elif not evidence:
        evidence = _known_to_the_corpus(product)
    if evidence is None:
        return None
    trained = _trained(product)
    (PROGRAMS / f"{order(product.name)[:8]}.py").write_text(content, encoding="utf-8")
    besides = product.also - product.codes
    faults = [
        {"code": code, "kind": "cause", "place": {"part": CODES[code]["part"], "lines": where}}
        for change, where in zip(product.changes, places(product), strict=True)
        for code in sorted(change.codes or ())
    ]
    faults += [{"code": code, "kind": "consequence"} for code in sorted(besides - OTHER_NAMES)]
    return {
        "id": order(product.name)[:8],
        "sha256": sha256,
        "split": split(product.name),
        "api": api(product),
        "task": product.program.exercise,
        "made_from": product.name,
        "faults": faults,
        "also": sorted(besides & OTHER_NAMES),
        "evidence": {**{key: value for key, value in evidence.items() if key != "training"}, **trained},
    }


def _known_to_the_corpus(product: Product) -> dict[str, Any] | None:
    entry = corpus_entry(product.name)
    good = entry is not None and entry.state == "good" and entry.digest == digest(product)
    compared = _compared(product.expect) if good else []
    return {"compared": compared} if compared else None


def _trained(product: Product) -> dict[str, Any]:
    """What 300 minibatches came to, where the corpus has it of this very program."""
    for row in kept("keras" if api(product) == "keras" else "graphs"):
        if row.name == product.name and row.digest == digest(product):
            return {"training": {"before": row.before, "after": row.after}}
    return {}


def confirmed(product: Product, content: str) -> dict[str, Any] | None:
    """What the oracle measured of a published program; None where it disagrees, or has nothing to compare."""
    expect = product.expect
    if not (compared := _compared(expect)):
        return None  # the corpus knows nothing that could be measured of it
    right = Product(product.program.name, product.program, product.operators, (), product.rate).expect
    try:
        run = begin(product, content)
        try:
            if api(product) == "keras" and expect.accuracy is not None and not run.measures:
                expect, right = replace(expect, accuracy=None), replace(right, accuracy=None)
            problems = verify(run, expect)
            unlike = _unlike(run, right) if product.codes and not problems else []
            if product.codes and not unlike and not expect.properties and not problems:
                unlike = _told_apart(product, run)
        finally:
            run.close()
    except Exception as error:  # noqa: BLE001 - whatever TensorFlow raises, there is nothing that could be confirmed
        problems, unlike = [f"{type(error).__name__}: {str(error)[:150]}"], []
    if problems or (product.codes and not unlike and not expect.properties):
        sys.stdout.write(
            f"left out: {product.name}: {'; '.join(problems) or 'nothing tells it from the right program'}\n"
        )
        return None
    return {"compared": compared, "unlike_the_right_one": unlike}


def _unlike(run: Any, right: Expect) -> list[str]:
    try:
        return verify(run, right)
    except Exception as error:  # noqa: BLE001 - what the right program takes, this one does not
        return [f"it cannot be asked as the right one: {type(error).__name__}: {str(error)[:150]}"]


def _told_apart(product: Product, run: Any) -> list[str]:
    """What tells a program from the right one where the numbers are the same: shapes of its variables, or a loss that breaks."""
    right = Product(product.program.name, product.program, (), (), product.rate)
    other = begin(right, text(right))
    found, wanted = ([list(one.initial[name].shape) for name in one.trained_names] for one in (run, other))
    broken = [not np.isfinite(_loss_of_large_scores(one)).all() for one in (run, other)]
    other.close()
    told = [] if found == wanted else [f"trained variables {found} are not {wanted}"]
    return [
        *told,
        *(["the loss of weights a thousand times as large is not finite"] if broken == [True, False] else []),
    ]


def _loss_of_large_scores(run: Any) -> Any:
    x, _, digits = rows()
    run.assign({name: 1000 * run.known[name] for name in run.trained_names})
    loss = run.fetch("loss", x, digits)
    run.restore()
    return loss


def begin(product: Product, content: str) -> Any:
    """A run of the oracle's on the published text itself."""
    if api(product) == "keras":
        return eager.EagerRun(modelled(content), product.program, product.source.text())
    return Run(built(content), product.program)


def built(content: str) -> building.Built:
    """The graph of a published program, and what its parts are called in it."""
    return building.build(content + "\ndef published():\n    return net\n", "published", {})


def modelled(content: str) -> Any:
    """The model, or module, of a published program."""
    return eager.build(content + "\ndef published():\n    return model\n", "published")


def _compared(expect: Expect) -> list[str]:
    """What the oracle compared with the reference in NumPy, and the properties that it tried."""
    fields = {
        "logits": expect.references,
        "loss": expect.loss,
        "accuracy": expect.accuracy,
        "first steps": expect.optimizer,
    }
    return [name for name, value in fields.items() if value] + [
        p.__name__.strip("_").replace("_", " ") for p in expect.properties
    ]


def main(minutes: float) -> None:
    """Write programs and labels; measure nothing more after so many minutes."""
    PROGRAMS.mkdir(exist_ok=True)
    known = {line["made_from"]: line for line in lines(LABELS)} if LABELS.exists() else {}
    found: dict[str, dict[str, Any]] = {}
    for number, label in enumerate(chosen(known, time.monotonic() + 60 * minutes)):
        found[label["id"]] = known[label["made_from"]] = label
        if number % 10 == 0:
            _write(list(known.values()))  # what was measured is kept if this is stopped
    _write(list(found.values()))
    for path in PROGRAMS.glob("*.py"):
        if path.stem not in found:
            path.unlink()
    lacking = sum("unlike_the_right_one" not in label["evidence"] for label in found.values())
    sys.stdout.write(f"{len(found)} programs; {lacking} are still to be measured themselves\n")


def _write(labels: Sequence[dict[str, Any]]) -> None:
    rows = [json.dumps(label, separators=(",", ":")) for label in sorted(labels, key=lambda one: one["id"])]
    LABELS.write_text("\n".join(rows) + "\n", encoding="utf-8")
