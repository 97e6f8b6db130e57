"""The language in which tests are written: verdicts, fixtures, exercises."""
