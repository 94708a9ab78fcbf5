"""A Ray cluster of two nodes on 127.0.0.1, until its standard input is closed; a line ``kill`` takes the second away.

A program of its own: Ray's threads and warnings stay out of the process of the tests, and all ends with it.
"""

import os
import sys
from typing import Any

os.environ.update(
    {"RAY_USAGE_STATS_ENABLED": "0", "RAY_memory_monitor_refresh_ms": "0", "RAY_raylet_start_wait_time_s": "120"}
)

from ray.cluster_utils import Cluster

_NODE: dict[str, Any] = {
    "num_cpus": 1,
    "object_store_memory": 80 * 2**20,
    "node_ip_address": "127.0.0.1",
    "include_dashboard": False,
}

cluster: Any = Cluster(initialize_head=True, head_node_args=_NODE)
second = cluster.add_node(**_NODE)
raylet = second.all_processes["raylet"][0].process.pid
print(f"ready {cluster.address} {raylet}", flush=True)
for line in sys.stdin:
    if line.strip() == "kill":
        cluster.remove_node(second, allow_graceful=False)
        print("killed", flush=True)
cluster.shutdown()
