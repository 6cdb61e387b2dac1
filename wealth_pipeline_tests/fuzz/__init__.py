"""Statements of every form from figures that are known, and statements that were damaged."""
