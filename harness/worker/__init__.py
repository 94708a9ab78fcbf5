"""The measured process, and the supervisor's end of the pipe to it."""
