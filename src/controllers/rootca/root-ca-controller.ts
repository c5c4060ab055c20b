import { ConfigMap } from '../../api/core/config-map/kind.ts'
import { Namespace } from '../../api/core/namespace/kind.ts'
import { jsonEqual } from '../../apimachinery/json-equal.ts'
import { hasCause, isStatus } from '../../apimachinery/status-error.ts'
import {
  type AnyController,
  defineController,
  done,
  type ReconcileContext,
  watching,
} from '../../reconcile/controller.ts'

const configMapName = 'kube-root-ca.crt'
const descriptionAnnotation = 'kubernetes.io/description'
const description =
  'Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.'

async function publish(
  namespace: string,
  rootCertificate: string,
  { cache, api }: ReconcileContext,
): Promise<void> {
  const configMaps = api.resource(ConfigMap)
  const existing = cache.of(ConfigMap).get(namespace, configMapName)
  const data = { 'ca.crt': rootCertificate }
  const annotations = { [descriptionAnnotation]: description }
  if (existing === undefined) {
    try {
      await configMaps.create({ metadata: { name: configMapName, namespace, annotations }, data })
    } catch (error) {
      if (!isStatus(error, 'NotFound') && !hasCause(error, 'NamespaceTerminating')) throw error
    }
    return
  }
  const { metadata } = existing
  if (jsonEqual(existing.data, data) && metadata?.annotations?.[descriptionAnnotation]) return
  await configMaps.update({
    ...existing,
    metadata: { ...metadata, annotations: { ...metadata?.annotations, ...annotations } },
    data,
  })
}

/** Every namespace has the ConfigMap `kube-root-ca.crt` with the certificate (PEM) that pods trust the API server by. */
export function rootCaController(rootCertificate: string): AnyController {
  return defineController({
    name: 'root-ca-certificate-publisher',
    reconciles: Namespace,
    when: (namespace, old) =>
      namespace !== undefined && (old === undefined || namespace.status?.phase === 'Active'),
    watches: [
      watching({
        kind: ConfigMap,
        selection: { fieldSelector: `metadata.name=${configMapName}` },
        when: (_, old) => old !== undefined,
        keys: ({ metadata }) => [metadata?.namespace ?? ''],
      }),
    ],
    permissions: [{ group: '', resources: ['configmaps'], verbs: ['create', 'update'] }],
    reconcile: async (namespace, context) => {
      if (context.cache.of(Namespace).get('', namespace) === undefined) return done
      await publish(namespace, rootCertificate, context)
      return done
    },
  })
}
