"""Runs a batch on a real Ray cluster of two nodes on this machine, one of which is killed in the middle.

python ray_cluster.py SOURCE DESTINATION MODEL: prints what happened as one line of JSON. A process of its own, for Ray
leaves threads, sockets and warnings behind.
"""

import json
import sys

import ray
from ray.cluster_utils import Cluster

from newsmt.batch import BatchOptions, ModelChoice, translate_folder
from newsmt.batch.progress import Silent
from newsmt.options import DecodingOptions


class _KillNode(Silent):
    """Takes a node away once some files are done."""

    def __init__(self, cluster, node, after):
        self.cluster, self.node, self.left = cluster, node, after

    def advance(self, outcome):
        self.left -= 1
        if self.left == 0:
            self.cluster.remove_node(self.node, allow_graceful=False)


def main(source, destination, model):
    small = {"num_cpus": 1, "object_store_memory": 100 * 2**20}
    watchful = {"health_check_initial_delay_ms": 0, "health_check_period_ms": 500, "health_check_failure_threshold": 4}
    head = {"include_dashboard": False, "_system_config": watchful}
    cluster = Cluster(initialize_head=True, head_node_args={**small, **head})
    node = cluster.add_node(**small)
    cluster.wait_for_nodes()
    ray.init(address=cluster.address, log_to_driver=False, logging_level="ERROR")
    progress = _KillNode(cluster, node, after=12)
    try:
        report = translate_folder(
            source,
            destination,
            model=ModelChoice(model=model, threads=1),
            options=DecodingOptions(beam_size=1),
            batch=BatchOptions(engine="ray", workers=2, summarize=True),
            progress=progress,
        )
        after = -progress.left  # files that were finished after the node was gone
        happened = {"killed": not node.any_processes_alive(), "after": after}
        print(json.dumps({"done": len(report.done), "failed": len(report.failed), **happened}), flush=True)
    finally:
        ray.shutdown()
        cluster.shutdown()


if __name__ == "__main__":
    main(*sys.argv[1:])
