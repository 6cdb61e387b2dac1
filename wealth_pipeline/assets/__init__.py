"""The assets: thin, each calls a function of the pure modules and says what came of it."""
