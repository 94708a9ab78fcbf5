"""Measurements: what is read from the resting worker, and what is derived from a finished trial."""
