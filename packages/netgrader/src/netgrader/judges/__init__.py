"""Judges for tests: arrays, layers, networks, training loops, rates, accuracies, gradients."""
