"""The door for trouble: what is to be fixed."""
