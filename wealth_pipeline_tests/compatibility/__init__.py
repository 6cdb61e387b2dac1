"""Data that an earlier commit wrote, opened with today's code."""
