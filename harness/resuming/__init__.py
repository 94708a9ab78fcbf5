"""Taking up a run again that was stopped: what it has done, what is left, and whether it still is the same run."""
