"""What the harness itself costs: ``python -m benchmarks``. Figures beside their goals; no figure fails a build."""
