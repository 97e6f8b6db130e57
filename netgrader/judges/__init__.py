"""What a student's `train` did, and what the arrays are: from the instrument's log to named faults."""
