"""The wing of Dagster: everything that imports it."""
