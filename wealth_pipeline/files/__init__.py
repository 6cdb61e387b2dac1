"""Files: written whole or not at all, read only if they are regular, kept private; DuckDB opened."""
