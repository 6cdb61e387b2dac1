"""The Client Portal Gateway on this machine: its session, live balances and positions, and where they are kept."""
