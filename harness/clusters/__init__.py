"""Jobs that a scheduler runs: what each asks for, how all are waited for, and what became of those that were lost."""
