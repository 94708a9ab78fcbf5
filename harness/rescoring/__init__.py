"""A stored run or sweep scored again, from its texts, words, phases and readings: no engine, no worker, no audio."""
