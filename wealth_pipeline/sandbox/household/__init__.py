"""The household whose books the sandbox keeps: its accounts, its markets, its trades."""
