"""The night's work as plain functions: asking IBKR, loading what came, alerts, the inbox."""
