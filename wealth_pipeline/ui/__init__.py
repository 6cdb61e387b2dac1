"""The guard in front of the Dagster UI: whose requests are answered, and what pages may do. No Dagster in here."""
