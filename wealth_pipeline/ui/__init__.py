"""The UI: its guard, and the processes that serve it."""
