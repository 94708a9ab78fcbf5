"""Renders what analysis has computed: tables for a terminal, Markdown and HTML. Computes nothing."""
