"""The parts that nbgrader_config.py plugs into nbgrader."""
