"""The commands, one module a group of them. `cli/main.py` registers whatever command stands in one."""
