"""Exchange files with learning platforms: read submissions; write marks, feedback and autograders."""
