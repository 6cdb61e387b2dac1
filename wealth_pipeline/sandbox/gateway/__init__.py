"""The Client Portal Gateway over HTTPS, and its faults."""
