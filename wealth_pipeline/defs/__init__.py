"""Everything that is Dagster's: what serves it, and the only file that uses its private parts."""
