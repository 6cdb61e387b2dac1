"""The archive of raw statements, the databases, and what is loaded into them."""
