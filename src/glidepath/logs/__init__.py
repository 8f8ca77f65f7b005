"""Logs of any framework, read as runs: one reader a file."""
