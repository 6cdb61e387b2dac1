"""Everything that is stored, declared once."""
