"""The doors to the frameworks: the only files that import them."""
