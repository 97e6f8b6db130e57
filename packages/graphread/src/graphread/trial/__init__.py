"""Experiments in the lab, one function each."""
