"""Experiments on a student's graph: run it, differentiate it, train it, in a sandbox."""
