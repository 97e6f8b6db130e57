"""The page an instructor reads."""
