"""What students' programs handed over, recorded once: `make test` judges it, `make test-all` runs the programs again.

An archive stands for a file of tests: ``training/test_mutants.tar.xz`` for ``tests/training/test_mutants.py``. It holds the
folders of evidence by a hash of all that they were made from, so what has changed is not found, and a test says so;
``python -m tests.golden`` records it.
"""
