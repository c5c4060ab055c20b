import { ConfigMap } from '../../api/core/config-map/kind.ts'
import {
  bootstrapTokenEndMs,
  bootstrapTokenNamespace,
  bootstrapTokenType,
  isBootstrapToken,
  usableToken,
} from '../../api/core/secret/bootstrap-token.ts'
import { Secret } from '../../api/core/secret/kind.ts'
import { jsonEqual } from '../../apimachinery/json-equal.ts'
import {
  type AnyController,
  defineController,
  done,
  requeueAfter,
  watching,
} from '../../reconcile/controller.ts'
import { signClusterInfo } from './sign-cluster-info.ts'

const namespace = 'kube-public'
const name = 'cluster-info'
const key = `${namespace}/${name}`

/** Signs the ConfigMap `cluster-info` with every bootstrap token, so that who has one can trust it. */
export const bootstrapSignerController: AnyController = defineController({
  name: 'bootstrap-signer',
  watches: [
    watching({
      kind: ConfigMap,
      selection: { namespace, fieldSelector: `metadata.name=${name}` },
      when: (map) => map !== undefined,
      keys: () => [key],
    }),
    watching({
      kind: Secret,
      selection: { namespace: bootstrapTokenNamespace, fieldSelector: `type=${bootstrapTokenType}` },
      keys: (secret) => (isBootstrapToken(secret) ? [key] : []),
    }),
  ],
  permissions: [{ group: '', resources: ['configmaps'], verbs: ['update'] }],
  workers: 1,
  reconcile: async (_key, { cache, api, host }) => {
    const map = cache.of(ConfigMap).get(namespace, name)
    const secrets = cache.of(Secret).list(bootstrapTokenNamespace).filter(isBootstrapToken)
    const nowMs = host.now()
    const tokens = secrets.flatMap((secret) => usableToken(secret, 'signing', nowMs) ?? [])
    const data = map === undefined ? undefined : signClusterInfo(map.data ?? {}, tokens, host)
    if (map === undefined || data === undefined) return done
    if (!jsonEqual(data, map.data)) await api.resource(ConfigMap).update({ ...map, data })
    const ends = secrets.flatMap((secret) => bootstrapTokenEndMs(secret) ?? []).filter((ms) => ms > nowMs)
    return ends.length === 0 ? done : requeueAfter(Math.min(...ends) - nowMs)
  },
})
