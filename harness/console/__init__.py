"""What a run says while it goes on: a block or a line for each trial, and a bar where there is a terminal."""
