"""The statements of the household, as XML."""
