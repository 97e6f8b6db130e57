"""Jupyter's server for tests that use formgrader and JupyterLab in the browser, like a person."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.support.ui import WebDriverWait

if TYPE_CHECKING:
    from collections.abc import Iterator

    from selenium.webdriver import Chrome

PATIENCE = 300
"""Seconds for one step of a person's: a busy machine is slow, and nothing here is about speed."""
GRACE = 60
"""Seconds that a server has for ending by itself."""
SETTINGS = {
    # All cells stand in the page, not only those in sight, so that a test finds them.
    "@jupyterlab/notebook-extension/tracker.jupyterlab-settings": {"windowingMode": "none"},
    "@jupyterlab/apputils-extension/notification.jupyterlab-settings": {"fetchNews": "false", "checkForUpdates": False},
}
THEMES = "@jupyterlab/apputils-extension/themes.jupyterlab-settings"


@contextlib.contextmanager
def jupyter(folder: Path, home: Path, *options: str, token: str = "", theme: str = "JupyterLab Light") -> Iterator[str]:
    """A server on `folder` whose own files lie in `home`; gives its address, and stops it at the end.

    It asks nobody who they are unless it is given a token.
    """
    home.mkdir()
    for name, settings in {**SETTINGS, THEMES: {"theme": theme}}.items():
        path = home / "settings" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(settings))
    env = {key: value for key, value in os.environ.items() if not key.startswith(("NETGRADER_", "PYTEST_"))}
    env["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), env.get("PATH", "")])
    env |= {
        "HOME": str(home),
        "JUPYTER_DATA_DIR": str(home / "data"),
        "JUPYTERLAB_SETTINGS_DIR": str(home / "settings"),
    }
    port = _free_port()
    command = [sys.executable, "-W", "ignore", "-m", "jupyterlab", "--allow-root", "--no-browser"]
    command += [
        f"--ServerApp.root_dir={folder}",
        f"--IdentityProvider.token={token}",
        "--ServerApp.disable_check_xsrf=True",
    ]
    command += [f"--ServerApp.port={port}", "--ServerApp.port_retries=0"]
    command += options
    log = home / "server.log"
    with log.open("w") as stream:
        process = subprocess.Popen(command, cwd=folder, env=env, stdout=stream, stderr=stream, start_new_session=True)
        try:
            _listens(port, process, log)
            yield f"http://127.0.0.1:{port}"
        finally:
            _ends(process)


def _ends(process: subprocess.Popen[bytes]) -> None:
    """End the server and its kernels: once its loop has ended, a worker thread of AnyIO can keep it alive."""
    process.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(GRACE)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def wait(driver: Chrome, seen, what: str):
    """What `seen` returns once it is something; a failure that names `what` was waited for otherwise.

    A page that redraws itself between finding an element and looking at it is looked at again.
    """
    redrawn = (StaleElementReferenceException,)
    waiting = WebDriverWait(driver, PATIENCE, poll_frequency=0.2, ignored_exceptions=redrawn)
    return waiting.until(lambda _: seen(), f"never seen: {what}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _listens(port: int, process: subprocess.Popen, log: Path) -> None:
    for _ in range(10 * PATIENCE):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(0.1)
            break
    raise AssertionError(f"Jupyter's server did not start: {log.read_text()[-2000:]}")
