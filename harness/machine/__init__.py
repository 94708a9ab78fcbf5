"""How quiet, how fast and how hot this machine is: what is read of it, and what of that blurs figures."""
