"""Exporters: what hands a finished run on to other programs."""
