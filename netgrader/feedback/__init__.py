"""The page a student reads."""
