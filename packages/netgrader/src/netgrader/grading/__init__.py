"""From a notebook to verdicts: restore, execute, verify, store."""
