"""``python -m harness doctor``: what of this machine blurs figures, which engines can run, and what mends the rest."""
