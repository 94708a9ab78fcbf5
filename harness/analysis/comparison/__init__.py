"""Two runs or two sweeps side by side: what is compared with what, how far apart it is, and what that is called."""
