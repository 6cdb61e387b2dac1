"""The archive and the databases: the only room that writes warehouse.duckdb and wealth.duckdb."""
