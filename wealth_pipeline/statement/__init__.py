"""The XML of a statement: its reader and its values."""
