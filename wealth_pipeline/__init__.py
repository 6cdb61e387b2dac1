"""Interactive Brokers statements into a proved, daily NAV history in DuckDB, run by Dagster."""
