"""If no sandbox can start, the message says why and what to type; if one breaks a promise, what that requires."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from netgrader.commands import doctor
from notebook_cage import remedies
from notebook_cage.bubblewrap_version import judge_version
from notebook_cage.remedies import remedy
from notebook_cage.self_tests import SelfTest

if TYPE_CHECKING:
    from pathlib import Path

MACHINES = {
    "Ubuntu 24.04": ("proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1\n", remedies.APPARMOR),
    "an older Debian": ("proc/sys/kernel/unprivileged_userns_clone", "0\n", remedies.CLONE),
    "without user namespaces": ("proc/sys/user/max_user_namespaces", "0\n", remedies.NONE_LEFT),
    "in Docker": (".dockerenv", "", remedies.DOCKER),
    "in Podman": ("run/.containerenv", "", remedies.PODMAN),
    "where nothing is known to be in the way": ("proc/sys/user/max_user_namespaces", "15000\n", remedies.OTHERWISE),
}


@pytest.fixture
def ordinary(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    monkeypatch.setattr("os.geteuid", lambda: 1000)


@pytest.mark.usefixtures("ordinary")
@pytest.mark.parametrize("machine", MACHINES)
def test_what_is_in_the_way_is_told_by_the_machines_files(tmp_path: Path, machine: str) -> None:
    name, content, expected = MACHINES[machine]
    (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / name).write_text(content)
    assert remedy(tmp_path) == expected


@pytest.mark.usefixtures("ordinary")
def test_a_pod_is_told_what_to_write_into_its_spec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.0.0.1")
    assert remedy(tmp_path) == remedies.POD


def test_root_in_a_container_is_told_of_the_sandbox_that_needs_no_namespaces(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    monkeypatch.setattr("os.geteuid", lambda: 0)
    (tmp_path / ".dockerenv").touch()
    assert remedy(tmp_path) == remedies.DOCKER + remedies.LESS


def test_where_bubblewrap_is_refused_doctor_says_it_once_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = tmp_path / "bwrap"
    refused.write_text("#!/bin/sh\necho 'bwrap: setting up uid map: Permission denied' >&2\nexit 1\n")
    refused.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr("notebook_cage.remedies.remedy", lambda: "do this")
    said = [one for one in doctor.findings() if one.what.startswith("cage") and "control group" not in one.what]
    assert [(one.what, one.good, one.remedy) for one in said] == [("cage", False, "do this")]
    assert "Permission denied" in str(said[0].found)


def test_elsewhere_than_on_linux_it_is_said_what_works(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "darwin")
    (said,) = (one for one in doctor.findings() if one.what == "cage")
    assert not said.good
    assert said.remedy == f"{remedies.LINUX}; release, feedback and report work here"


@pytest.mark.parametrize(
    ("promise", "part"),
    [
        ("a limit on memory in pipes", "systemd-run"),
        ("a filter of system calls", "libseccomp2"),
        ("no network", "netgrader's maintainers"),
    ],
)
def test_a_promise_that_is_not_kept_has_a_remedy_of_its_own(
    monkeypatch: pytest.MonkeyPatch, promise: str, part: str
) -> None:
    kept, broken = SelfTest("a limit on time", held=True, detail=""), SelfTest(promise, held=False, detail="seen")
    monkeypatch.setattr("notebook_cage.self_tests.run_self_tests", lambda *_: [kept, broken])
    (said,) = (one for one in doctor.findings() if one.what == f"cage: {promise}")
    assert part in said.remedy


VERSIONS = {
    "bubblewrap 0.12.0": "has the fix",
    "bubblewrap 1.0.0": "has the fix",
    "bubblewrap 0.9.0": "below 0.12.0",
    "": "could not tell",
    "bubblewrap \u0661\u0662.0.0": "could not tell",
    "0.12.0": "could not tell",
}


@pytest.mark.parametrize("said", VERSIONS)
def test_a_bubblewrap_is_safe_by_its_version_and_else_nobody_can_tell(said: str) -> None:
    judged = judge_version(said)
    expected = VERSIONS[said]
    assert expected in judged.found
    assert "CVE-2026-87766" in judged.found
    assert judged.fixed == (expected == "has the fix")


@pytest.mark.parametrize("version", ["0.12.0", "0.11.0"])
def test_doctor_warns_of_a_bubblewrap_without_the_fix_and_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], version: str
) -> None:
    program = tmp_path / "bwrap"
    program.write_text(f'#!/bin/sh\necho bubblewrap {version}; [ "$1" = --version ]\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    doctor.run()
    (line,) = (line for line in capsys.readouterr().out.splitlines() if "bubblewrap: version" in line)
    assert line.startswith("ok      " if version == "0.12.0" else "warning ")
    assert ("install bubblewrap 0.12.0 or newer" in line) == (version != "0.12.0")
