"""Engines, each in the roles that it can play."""
