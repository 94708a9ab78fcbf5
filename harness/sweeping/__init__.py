"""A sweep before it runs: the baseline's name, the rounds of its cells, its plan, and the sweeper that Hydra calls.

Reports import :mod:`~harness.sweeping.baseline` alone, and the configuration :mod:`~harness.sweeping.rounds`.
"""
