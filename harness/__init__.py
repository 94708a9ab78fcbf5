"""What chains of speech models cost: memory, time to first token, accuracy, and whether the process grows."""
