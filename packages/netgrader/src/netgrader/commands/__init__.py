"""The work of the commands of `netgrader`, one module each; `netgrader.cli` defines their options."""
