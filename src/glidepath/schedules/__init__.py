"""A value for every step: schedules, and the recipes that become them."""
