"""Remedies for a cage that cannot start: the setting of the machine or container that prevents it.

Settings are read from files, since bubblewrap's message is *Permission denied* for each of them.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

__all__ = ["remedy"]

LINUX = "the cage is made of Linux's namespaces: to begin one, use Linux, also in a virtual machine"
APPARMOR = (
    "AppArmor keeps bubblewrap from making user namespaces (Ubuntu since 23.10). Type: "
    r"printf 'abi <abi/4.0>,\ninclude <tunables/global>\nprofile bwrap /usr/bin/bwrap flags=(unconfined) {\n  userns,\n}\n' "
    "| sudo tee /etc/apparmor.d/bwrap && sudo systemctl reload apparmor"
)
CLONE = (
    "user namespaces are switched off for users. Type: echo kernel.unprivileged_userns_clone=1 | "
    "sudo tee /etc/sysctl.d/60-notebook-cage.conf && sudo sysctl --system"
)
NONE_LEFT = (
    "no user namespaces may be made on this machine. Type: echo user.max_user_namespaces=15000 | "
    "sudo tee /etc/sysctl.d/60-notebook-cage.conf && sudo sysctl --system"
)
DOCKER = (
    "the container around it refuses it namespaces. Begin it with: docker run --user $(id -u):$(id -g) "
    "--security-opt seccomp=unconfined --security-opt apparmor=unconfined --security-opt systempaths=unconfined"
)
PODMAN = (
    "the container around it refuses it namespaces. Begin it with: podman run --security-opt seccomp=unconfined "
    "--security-opt label=disable --security-opt unmask=ALL"
)
POD = (
    "the pod refuses it namespaces. In the container's securityContext write seccompProfile: {type: Unconfined}, "
    "appArmorProfile: {type: Unconfined} and procMount: Unmasked, and in the pod's spec hostUsers: false"
)
LESS = "; where that cannot be had, the sandbox user does without and promises less"
OTHERWISE = "try `bwrap --unshare-all --ro-bind / / true`: until that works here, no cage can begin"


def remedy(root: Path = Path("/")) -> str:
    """Return the remedy for the first obstacle found."""
    is_root = os.geteuid() == 0
    less = LESS if is_root else ""
    in_the_way = {
        LINUX: sys.platform != "linux",
        POD + less: os.environ.get("KUBERNETES_SERVICE_HOST"),
        PODMAN + less: (root / "run/.containerenv").exists(),
        DOCKER + less: (root / ".dockerenv").exists(),
        NONE_LEFT: _setting(root, "user/max_user_namespaces") == "0",
        CLONE: not is_root and _setting(root, "kernel/unprivileged_userns_clone") == "0",
        APPARMOR: not is_root and _setting(root, "kernel/apparmor_restrict_unprivileged_userns") == "1",
        OTHERWISE: True,
    }
    return next(what for what, is_there in in_the_way.items() if is_there)


def _setting(root: Path, name: str) -> str:
    """Return a kernel setting (sysctl) as text, or an empty text if it does not exist."""
    try:
        return (root / "proc/sys" / name).read_text(encoding="ascii").strip()
    except OSError:
        return ""
