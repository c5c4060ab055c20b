"""One of two leads, by a Lease; an informer keeps what there is."""

import logging
import queue
import threading

from kubernetes import client
from kubernetes.informer import ADDED, DELETED, SharedInformer
from kubernetes.leaderelection import electionconfig, leaderelection
from kubernetes.leaderelection.resourcelock.leaselock import LeaseLock

from expect import until


# It tells of leaders that end by an exception, as ours do.
logging.getLogger("leaderelection").setLevel(logging.CRITICAL)


def stand(name, led):
    """A candidate; when it leads it ends at once, and does not stand again."""

    def lead():
        led.put(name)
        raise RuntimeError("enough led")

    config = electionconfig.Config(
        LeaseLock("leader", "default", name),
        lease_duration=3, renew_deadline=2, retry_period=1, onstarted_leading=lead, onstopped_leading=lambda: None,
    )
    thread = threading.Thread(target=leaderelection.LeaderElection(config).run, daemon=True)
    thread.start()
    return thread


def run():
    led = queue.Queue()
    candidates = [stand(name, led) for name in ("one", "two")]
    assert {led.get(timeout=20), led.get(timeout=20)} == {"one", "two"}
    for candidate in candidates:
        candidate.join(timeout=10)
    lease = client.CoordinationV1Api().read_namespaced_lease("leader", "default")
    assert lease.spec.holder_identity in ("one", "two"), lease

    core = client.CoreV1Api()
    informer = SharedInformer(core.list_namespaced_config_map, namespace="default")
    seen = queue.Queue()
    informer.add_event_handler(ADDED, lambda it: seen.put(("added", it.metadata.name)))
    informer.add_event_handler(DELETED, lambda it: seen.put(("deleted", it.metadata.name)))
    informer.start()
    assert seen.get(timeout=10) == ("added", "kube-root-ca.crt")
    core.create_namespaced_config_map("default", {"metadata": {"name": "followed"}})
    assert seen.get(timeout=10) == ("added", "followed")
    until("the cache", lambda: informer.cache.get_by_key("default/followed"))
    core.delete_namespaced_config_map("followed", "default")
    assert seen.get(timeout=10) == ("deleted", "followed")
