"""The student's package: a wheel of those modules of ours that a notebook needs, the same bytes every time."""

from __future__ import annotations

import ast
import base64
import hashlib
import importlib.metadata
import io
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from netgrader import __version__
from netgrader.errors import NetgraderError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["REQUIRED", "build_wheel", "student_files", "student_requirements"]

PACKAGE = Path(__file__).resolve().parent
ROOTS = ("netgrader.student", "netgrader.checks", "netgrader.network", "netgrader.lab.local", "netgrader.evidence")
"""What a student's notebook uses. The wheel holds these and whatever of ours they import."""
WITHHELD = (
    "netgrader.cli",
    "netgrader.commands",
    "netgrader.course",
    "netgrader.feedback",
    "netgrader.grading",
    "netgrader.lab.caged",
    "netgrader.nbgrader_plugin",
    "netgrader.release",
    "netgrader.report",
    "netgrader.sandbox",
    "netgrader.skeleton",
)
"""What belongs to the grader's side: POSIX, nbgrader, cages. Students' modules import it inside functions only."""
REQUIRED = ("numpy", "tensorflow", "matplotlib", "pytest", "ipython", "protobuf")
"""What the student's package needs, at the versions that pyproject.toml asks for."""
EPOCH = (1980, 1, 1, 0, 0, 0)


def build_wheel(target: Path) -> Path:
    """Write the wheel into the folder `target`; the same sources give the same bytes.

    Raises
    ------
    NetgraderError
        If a student's module needs one that is withheld.
    """
    name = f"netgrader-{__version__}"
    info = f"{name}.dist-info"
    files = {f"netgrader/{path}": (PACKAGE / path).read_bytes() for path in student_files()}
    requires = "".join(f"Requires-Dist: {requirement}\n" for requirement in student_requirements())
    files[f"{info}/METADATA"] = (
        f"Metadata-Version: 2.1\nName: netgrader\nVersion: {__version__}\n"
        "Summary: What the notebooks of a neural-network course import.\nLicense: MIT\n"
        f"Requires-Python: >=3.11\n{requires}"
    ).encode()
    files[f"{info}/WHEEL"] = b"Wheel-Version: 1.0\nGenerator: netgrader\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    files[f"{info}/RECORD"] = _record(files, f"{info}/RECORD").encode()
    buffer = io.BytesIO()
    # Stored, not deflated: compressed bytes differ between versions of zlib.
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for path, content in files.items():
            entry = zipfile.ZipInfo(path, EPOCH)
            entry.external_attr = 0o644 << 16
            entry.create_system = 3
            archive.writestr(entry, content)
    target.mkdir(parents=True, exist_ok=True)
    wheel = target / f"{name}-py3-none-any.whl"
    wheel.write_bytes(buffer.getvalue())
    return wheel


def student_requirements() -> tuple[str, ...]:
    """What pip is to install for a student, as pyproject.toml says it."""
    wanted = importlib.metadata.requires("netgrader") or []
    plain = {requirement.partition(";")[0].strip() for requirement in wanted if "extra ==" not in requirement}
    found = {
        name: line for name in REQUIRED for line in plain if line.startswith(name) and not line[len(name)].isalnum()
    }
    missing = [name for name in REQUIRED if name not in found]
    if missing:
        raise NetgraderError(f"pyproject.toml does not say which {', '.join(missing)} the course needs.")
    return tuple(found[name] for name in REQUIRED)


def student_files() -> tuple[str, ...]:
    """Paths in the package that go into the wheel: modules reached by imports, and data beside them."""
    modules = _closure()
    packages = {module for module in modules if (_path(module) or PACKAGE).name == "__init__.py"}
    paths = {path.relative_to(PACKAGE).as_posix() for path in map(_path, modules) if path}
    for package in packages - {"netgrader"}:
        folder = PACKAGE.joinpath(*package.split(".")[1:])
        paths.update(
            path.relative_to(PACKAGE).as_posix()
            for path in folder.rglob("*")
            if path.is_file() and path.suffix not in {".py", ".pyc"} and "__pycache__" not in path.parts
        )
    return tuple(sorted(paths))


def _closure() -> frozenset[str]:
    """Our modules that `ROOTS` import, directly or not; a package stands for all modules in it."""
    seen: set[str] = set()
    todo = [module for root in ROOTS for module in _within(root)]
    while todo:
        module = todo.pop()
        if module in seen or _withheld(module):
            continue
        seen.add(module)
        parent = module.rpartition(".")[0]
        if parent:
            todo.append(parent)
        path = _path(module)
        for imported, at_top in _imports(module, path) if path else ():
            if _withheld(imported):
                if at_top:
                    raise NetgraderError(f"{module} is for students and imports {imported}, which is not.")
            else:
                todo.append(imported)
    return frozenset(seen)


def _within(root: str) -> Iterator[str]:
    path = _path(root)
    if path is None:
        return
    if path.name != "__init__.py":
        yield root
        return
    for file in sorted(path.parent.rglob("*.py")):
        parts = file.relative_to(PACKAGE.parent).with_suffix("").parts
        yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _withheld(module: str) -> bool:
    return any(module == name or module.startswith(name + ".") for name in WITHHELD)


def _path(module: str) -> Path | None:
    """The file of one of our modules; None if `module` is not a module (a name in one, say)."""
    base = PACKAGE.parent.joinpath(*module.split("."))
    for path in (base / "__init__.py", base.with_name(base.name + ".py")):
        if path.is_file():
            return path
    return None


def _imports(module: str, path: Path) -> Iterator[tuple[str, bool]]:
    """Our modules that `module` imports, and whether it does so when it is itself imported."""
    tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
    later = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) or _is_for_types(node)
        for inner in ast.walk(node)
    }
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    for node in ast.walk(tree):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                stem = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*stem, *([node.module] if node.module else [])])
            names = [base, *(f"{base}.{alias.name}" for alias in node.names)]
        for name in names:
            if name.partition(".")[0] == "netgrader" and _path(name):
                yield name, id(node) not in later


def _is_for_types(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) in {"TYPE_CHECKING", "typing.TYPE_CHECKING"}


def _record(files: dict[str, bytes], own_name: str) -> str:
    lines = []
    for path, content in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
        lines.append(f"{path},sha256={digest},{len(content)}")
    return "\n".join([*lines, f"{own_name},,", ""])
