"""A sweep: its baseline's name, the rounds of its cells, its plan, the sweeper that Hydra calls, a job's place in it.

Reports import :mod:`~harness.sweeping.baseline` alone, and the configuration :mod:`~harness.sweeping.rounds`.
"""
