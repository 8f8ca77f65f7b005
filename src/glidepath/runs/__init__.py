"""What a run recorded: curves, runs, and the journal that is never destroyed."""
