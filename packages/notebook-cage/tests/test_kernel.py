"""A caged kernel for programs that drive kernels through jupyter_client."""

from __future__ import annotations

import nbformat
import pytest
from nbclient import NotebookClient

from notebook_cage import HOME, Mount, Plan, SandboxError, open_sandbox
from notebook_cage.kernel import CagedKernel, CagedKernelManager


def notebook(*sources):
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    return nbformat.v4.new_notebook(
        cells=cells, metadata={"kernelspec": {"name": "julia-1.9", "display_name": "Julia"}}
    )


def test_nbclient_runs_a_notebook_in_a_cage_whatever_kernel_folder_and_environment_it_names(tmp_path, monkeypatch):
    monkeypatch.setenv("INSTRUCTORS_TOKEN", "secret")
    ran = notebook("import os, sys\nprint(os.getcwd(), 'INSTRUCTORS_TOKEN' in os.environ)", "6 * 7")
    client = NotebookClient(ran, kernel_manager_class=CagedKernelManager, kernel_name="julia-1.9", timeout=60)
    client.execute(cwd=str(tmp_path), env={"INSTRUCTORS_TOKEN": "secret"})
    assert ran.cells[0].outputs[0].text == f"{HOME} False\n"
    assert ran.cells[1].outputs[0].data == {"text/plain": "42"}


def test_nbclient_can_interrupt_it(tmp_path):
    ran = notebook("while True: pass", "'after'")
    options = {"timeout": 2, "interrupt_on_timeout": True, "allow_errors": True}
    NotebookClient(ran, kernel_manager_class=CagedKernelManager, **options).execute()
    assert ran.cells[0].outputs[0].ename == "KeyboardInterrupt"
    assert ran.cells[1].outputs[0].data == {"text/plain": "'after'"}


def test_a_managed_kernel_can_put_nothing_in_the_place_of_its_channels():
    ran = notebook("import os\nos.unlink('/run/kernel/s-1')", "open('/run/kernel/s-9', 'w')")
    NotebookClient(ran, kernel_manager_class=CagedKernelManager, timeout=60, allow_errors=True).execute()
    assert [cell.outputs[0].ename for cell in ran.cells] == ["PermissionError", "PermissionError"]


def test_what_a_managed_kernel_sees_can_be_said(tmp_path):
    tmp_path.chmod(0o755)
    (tmp_path / "a").write_text("given")
    (tmp_path / "a").chmod(0o644)

    class Manager(CagedKernelManager):
        def _plan_default(self):
            return Plan((), mounts=[Mount(tmp_path, "/run/given")])

    ran = notebook("print(open('/run/given/a').read())")
    NotebookClient(ran, kernel_manager_class=Manager, timeout=60).execute()
    assert ran.cells[0].outputs[0].text == "given\n"


def test_a_file_with_the_name_of_the_kernels_program_is_not_what_is_started():
    """Nor one of a module that Python imports for a program on its command line, before that has a word."""
    taken = ("ipykernel_launcher.py", "ipykernel.py", "IPython.py", "linecache.py", "tokenize.py", "random.py")
    with CagedKernel(open_sandbox(), Plan((), files=dict.fromkeys(taken, b"raise SystemExit"))) as kernel:
        assert kernel.caged.outcome is None


def test_a_kernel_that_does_not_start_is_a_sentence():
    with pytest.raises(SandboxError, match="The kernel did not start"):
        CagedKernel(open_sandbox(), Plan((), env={"PYTHONHOME": "/nowhere"}))


def test_a_kernel_that_does_not_answer_is_a_sentence():
    with pytest.raises(SandboxError, match="did not answer within 0 seconds"):
        CagedKernel(open_sandbox(), Plan(()), seconds=0.0)
