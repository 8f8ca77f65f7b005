"""The Keras door: `read_schedule` reads a LearningRateSchedule by its own configuration."""

from glidepath.frameworks.keras.reading import read_schedule

__all__ = ["read_schedule"]
