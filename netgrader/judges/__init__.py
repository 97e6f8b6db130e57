"""Judges of arrays, layers, networks, training loops, learning rates, accuracies and gradients, for tests to call."""
