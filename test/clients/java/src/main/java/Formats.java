import io.kubernetes.client.Discovery;
import io.kubernetes.client.ProtoClient;
import io.kubernetes.client.ProtoClient.ObjectOrStatus;
import io.kubernetes.client.openapi.ApiClient;
import io.kubernetes.client.proto.Meta;
import io.kubernetes.client.proto.V1;
import io.kubernetes.client.util.generic.KubernetesApiResponse;
import io.kubernetes.client.util.generic.dynamic.DynamicKubernetesApi;
import io.kubernetes.client.util.generic.dynamic.DynamicKubernetesListObject;
import io.kubernetes.client.util.generic.dynamic.DynamicKubernetesObject;
import io.kubernetes.client.util.generic.dynamic.Dynamics;
import java.util.Set;

/** Protobuf, what discovery finds, and objects of no known type. */
final class Formats {
  static final String MAPS = "/api/v1/namespaces/default/configmaps";

  static void run(ApiClient client) throws Exception {
    protobuf(new ProtoClient(client));
    everyKind(client);
    dynamic(new DynamicKubernetesApi("", "v1", "configmaps", client));
  }

  static void protobuf(ProtoClient proto) throws Exception {
    V1.ConfigMap map = V1.ConfigMap.newBuilder()
        .setMetadata(Meta.ObjectMeta.newBuilder().setName("proto").setNamespace("default"))
        .putData("a", "1").build();
    ObjectOrStatus<V1.ConfigMap> made = proto.create(map, MAPS, "v1", "ConfigMap");
    Expect.check(made.object != null && !made.object.getMetadata().getUid().isEmpty(), made);
    ObjectOrStatus<V1.ConfigMap> changed =
        proto.update(made.object.toBuilder().putData("b", "2").build(), MAPS + "/proto", "v1", "ConfigMap");
    Expect.check(changed.object != null && changed.object.getDataCount() == 2, changed);
    ObjectOrStatus<V1.ConfigMap> stale = proto.update(made.object, MAPS + "/proto", "v1", "ConfigMap");
    Expect.check(stale.status != null && stale.status.getCode() == 409, stale);
    ObjectOrStatus<V1.ConfigMapList> all = proto.list(V1.ConfigMapList.newBuilder(), MAPS);
    Expect.check(all.object.getItemsList().contains(changed.object), all);
    ObjectOrStatus<V1.ConfigMap> none = proto.get(V1.ConfigMap.newBuilder(), MAPS + "/none");
    Expect.check(none.status != null && none.status.getReason().equals("NotFound"), none);
    Expect.check(proto.delete(V1.ConfigMap.newBuilder(), MAPS + "/proto").status.getCode() == 0, "deleted");
  }

  static void everyKind(ApiClient client) throws Exception {
    Set<Discovery.APIResource> found = new Discovery(client).findAll();
    Expect.check(found.size() > 50, found.size());
    for (Discovery.APIResource resource : found) {
      if (resource.getNamespaced() || !resource.getVersions().contains(resource.getPreferredVersion())) continue;
      DynamicKubernetesApi api = new DynamicKubernetesApi(
          resource.getGroup(), resource.getPreferredVersion(), resource.getResourcePlural(), client);
      KubernetesApiResponse<DynamicKubernetesListObject> response = api.list();
      // Reviews are only made, never listed.
      Expect.check(response.isSuccess() || response.getHttpStatusCode() == 405, resource.getResourcePlural());
    }
  }

  static void dynamic(DynamicKubernetesApi maps) throws Exception {
    DynamicKubernetesObject map = Dynamics.newFromYaml("""
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: dynamic, namespace: default}
        data: {a: "1"}
        """);
    DynamicKubernetesObject made = maps.create(map).throwsApiException().getObject();
    made.getRaw().getAsJsonObject("data").addProperty("a", "2");
    Expect.check(maps.update(made).isSuccess(), made);
    KubernetesApiResponse<DynamicKubernetesObject> stale = maps.update(made);
    Expect.check(stale.getHttpStatusCode() == 409 && stale.getStatus().getReason().equals("Conflict"), stale.getStatus());
    maps.delete("default", "dynamic").throwsApiException();
    Expect.check(maps.get("default", "dynamic").getHttpStatusCode() == 404, "deleted");
  }
}
