"""How fast it is, against the limit and against other tools: `make bench`."""
