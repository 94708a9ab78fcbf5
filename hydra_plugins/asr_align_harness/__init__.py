"""What Hydra finds of ours: it takes plugins from the namespace package ``hydra_plugins`` alone."""
