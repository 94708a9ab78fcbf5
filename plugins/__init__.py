"""The plugins that come with the harness: stages (engines) and probes (measurements)."""
