"""What went wrong: one check a file, findings worst first, and the audit of the schedule that really ran."""
