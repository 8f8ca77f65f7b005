"""What holds for every collection of tests, the examples in the sources included."""

import os

os.environ.setdefault("KERAS_BACKEND", "torch")  # Keras has a backend before it is imported, or looks for TensorFlow
