"""A worker's memory while it rests and works: sampled from outside by a thread of ours, kept as a curve, read again."""
