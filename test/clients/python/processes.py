"""Logs, exec, attach and port-forward."""

from kubernetes import client, watch
from kubernetes.client.rest import ApiException
from kubernetes.stream import portforward, stream

from expect import until

POD = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "shell"},
    "spec": {"containers": [{"name": "main", "image": "shell", "command": ["sh", "-c", "echo hello; sleep infinity"]}]},
}


def run(core):
    core.create_namespaced_pod("default", POD)
    until("the pod", lambda: core.read_namespaced_pod("shell", "default").status.phase == "Running")
    assert core.read_namespaced_pod_log("shell", "default") == "hello\n"
    followed = watch.Watch()
    for line in followed.stream(core.read_namespaced_pod_log, "shell", "default", follow=True):
        assert line == "hello", line
        followed.stop()

    # The methods that stream change the client that they are called with.
    commands = client.CoreV1Api(client.ApiClient())
    command = ["sh", "-c", "echo done; exit 3"]
    said = stream(
        commands.connect_get_namespaced_pod_exec, "shell", "default",
        command=command, stderr=True, stdin=False, stdout=True, tty=False, _preload_content=False,
    )
    said.run_forever(timeout=10)
    assert (said.read_stdout(), said.returncode) == ("done\n", 3), said.returncode
    try:
        stream(commands.connect_get_namespaced_pod_exec, "none", "default", command=["true"], stdout=True)
        raise SystemExit("a pod that is not there ran something")
    except ApiException as error:
        assert "404" in str(error.reason), error

    attached = stream(
        commands.connect_get_namespaced_pod_attach, "shell", "default",
        stderr=True, stdin=True, stdout=True, tty=False, _preload_content=False,
    )
    attached.update(timeout=1)
    assert attached.is_open()
    attached.close()

    # In a simulated pod nothing listens: the connection is made, and says so.
    forwarded = portforward(commands.connect_get_namespaced_pod_portforward, "shell", "default", ports="80")
    until("the word of an error", lambda: forwarded.error(80))
    core.delete_namespaced_pod("shell", "default", grace_period_seconds=0)
