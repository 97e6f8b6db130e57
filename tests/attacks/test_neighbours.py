"""Eight hostile submissions beside two good ones: the good ones' marks and times are what they are beside good ones."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.attacks.attacked import RIGHT, Attack
from tests.attacks.conftest import AT_ONCE, Attacked

# Half a second of computing: what a neighbour takes away of the processor shows in it.
WORK = """
import time
begin = time.process_time()
while time.process_time() - begin < 0.5: sum(range(1000))
"""
SPIN = "import os\nfor _ in range(30):\n    if os.fork() == 0:\n        while True: pass\nwhile True: pass"
HOSTILE = {
    "computes in thirty processes": SPIN,
    "computes in thirty threads": (
        "import threading\n"
        "def spin():\n    while True: hash(bytes(10_000_000))\n"
        "for _ in range(30): threading.Thread(target=spin, daemon=True).start()\n"
        "spin()"
    ),
    "takes all memory": "hold = []\nwhile True: hold.append(bytearray(b'x') * 20_000_000)",
    "fills the disk": "with open('/tmp/big', 'wb') as out:\n    while True: out.write(bytes(1_000_000))",
    "prints for ever": "while True: print('x' * 10_000)",
    "sleeps": "import time\ntime.sleep(1000)",
    "forks and ignores every signal": (
        "import signal\nfor number in (1, 2, 3, 13, 15): signal.signal(number, signal.SIG_IGN)\n" + SPIN
    ),
    "fills the folder of evidence": (
        "import glob\nwhile True:\n    with open('/run/evidence/big', 'ab') as out: out.write(bytes(100_000))"
    ),
}
MOST, CHANCE = 1.5, 1.0  # times as long, and seconds that a busy machine may add


def good(name: str) -> Attack:
    return Attack(name, squares=RIGHT, cells=[f"# {name}: of its own, so that it is run\n{WORK}"], squares_deserves=3.0)


@pytest.fixture(scope="module")
def seconds(attacked: Attacked, module_monkeypatch) -> dict[str, float]:
    """How long the student's own code of each good notebook took; all of them have their full marks."""
    module_monkeypatch.setattr("netgrader.grading.kernel_link.KernelLimits.GIVE_WAY", 1.0)
    limits = attacked.root / "source" / "numbers" / "checks" / "exercises.toml"
    limits.write_text(limits.read_text().replace("cell_seconds = 5", "cell_seconds = 4"))
    attacked.before = attacked.everything()
    among_good = [good(f"good among good {number}") for number in range(4)]
    hostile = [Attack(name, cells=[source]) for name, source in HOSTILE.items()]
    among_hostile = [
        *hostile[:3],
        good("good among hostile 1"),
        *hostile[3:6],
        good("good among hostile 2"),
        *hostile[6:],
    ]
    taken = {}
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for group in (among_good, among_hostile):
            for name, graded in pool.map(attacked.grade, group):
                if name.startswith("good"):
                    assert (graded.result.score, graded.result.problem) == (5.0, None)
                    taken[name] = graded.result.seconds["student"]
    return taken


def test_good_submissions_take_no_longer_beside_hostile_ones(seconds) -> None:
    usual = max(time for name, time in seconds.items() if "among good" in name)
    assert max(time for name, time in seconds.items() if "among hostile" in name) < MOST * usual + CHANCE
