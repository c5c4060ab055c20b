import io.kubernetes.client.Attach;
import io.kubernetes.client.Exec;
import io.kubernetes.client.PodLogs;
import io.kubernetes.client.openapi.ApiClient;
import io.kubernetes.client.openapi.ApiException;
import io.kubernetes.client.openapi.apis.CoreV1Api;
import io.kubernetes.client.openapi.models.V1Pod;
import io.kubernetes.client.util.Yaml;
import io.kubernetes.client.util.generic.dynamic.DynamicKubernetesApi;
import io.kubernetes.client.util.generic.options.DeleteOptions;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;

/** Logs, exec and attach. */
final class Processes {
  static void run(ApiClient client) throws Exception {
    CoreV1Api core = new CoreV1Api(client);
    // The client's pods have an empty overhead unless they are told otherwise, which API servers refuse.
    V1Pod pod = core.createNamespacedPod("default", Yaml.loadAs("""
        apiVersion: v1
        kind: Pod
        metadata: {name: shell}
        spec:
          overhead: null
          containers: [{name: main, image: shell, command: [sh, -c, "echo hello; sleep infinity"]}]
        """, V1Pod.class)).execute();
    // The client's own types refuse what is newer than they are, as parts of a running pod's status.
    DynamicKubernetesApi pods = new DynamicKubernetesApi("", "v1", "pods", client);
    Expect.until("the pod", () -> "Running".equals(pods.get("default", "shell").getObject().getRaw()
        .getAsJsonObject("status").get("phase").getAsString()));
    Expect.check("hello\n".equals(core.readNamespacedPodLog("shell", "default").execute()), "the log");
    try (BufferedReader followed = new BufferedReader(new InputStreamReader(
        new PodLogs(client).streamNamespacedPodLog("default", "shell", "main")))) {
      Expect.check("hello".equals(followed.readLine()), "the log, followed");
    }

    Exec exec = new Exec(client);
    Process process = exec.exec("default", "shell", new String[] {"sh", "-c", "echo done; exit 3"},
        "main", false, false);
    String said = new String(process.getInputStream().readAllBytes());
    Expect.check("done\n".equals(said) && process.waitFor() == 3, said + process.exitValue());
    try {
      exec.exec("default", "none", new String[] {"true"}, false);
      throw new IllegalStateException("a pod that is not there ran something");
    } catch (ApiException | IOException expected) {
      // As the version of the client has it.
    }
    Attach.AttachResult attached = new Attach(client).attach(pod, false);
    attached.close();
    DeleteOptions atOnce = new DeleteOptions();
    atOnce.setGracePeriodSeconds(0L);
    Expect.check(pods.delete("default", "shell", atOnce).isSuccess(), "the pod's end");
  }
}
