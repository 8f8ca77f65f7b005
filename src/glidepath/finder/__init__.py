"""Which peak: the range test with its rules, and the probe of short trainings."""
