"""wealth.duckdb, as it is read."""
