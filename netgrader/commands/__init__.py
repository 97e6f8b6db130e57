"""What the commands of `netgrader` do, a module each; `netgrader.cli` says how they are called."""
