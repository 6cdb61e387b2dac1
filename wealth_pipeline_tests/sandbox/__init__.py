"""Tests of the local IBKR."""
