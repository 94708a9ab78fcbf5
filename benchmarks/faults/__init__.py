"""What becomes of a run when something goes wrong: a seeded campaign, ``python -m benchmarks.faults --seed 0``.

Kills, full disks, hangs, malformed configurations, damaged audio, and damaged folders of runs. Trials that were
finished before a fault are known independently of the run's folder: whoever wrote one says so in a file of its own,
after the trial was synced.
"""
