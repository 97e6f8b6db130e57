"""netgrader: a neural-network course that grades itself, and the engine behind it."""

__version__ = "0.1.0"
