"""Pictures as SVG, in pure Python: curves of a training run, and TensorFlow graphs."""
