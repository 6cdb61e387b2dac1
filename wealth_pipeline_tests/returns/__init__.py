"""Proved returns: random books, their statements, the right answers, and damage."""
