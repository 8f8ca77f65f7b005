"""Which peak: the range test and its rule."""
