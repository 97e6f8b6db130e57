"""Recorded evidence of students' programs: `make test` judges it, `make test-all` reruns the programs.

Each archive belongs to a file of tests: ``training/test_mutants.tar.xz`` to ``tests/training/test_mutants.py``. It has
folders of evidence by a hash of all their inputs, so changed ones are missing and a test says so; ``python -m tests.golden``
records them.
"""
