"""Learning platforms by their files: submissions in; marks, feedback and autograders out."""
