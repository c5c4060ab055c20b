import {
  bootstrapTokenEndMs,
  bootstrapTokenNamespace,
  bootstrapTokenType,
  isBootstrapToken,
} from '../../api/core/secret/bootstrap-token.ts'
import { Secret } from '../../api/core/secret/kind.ts'
import { isStatus } from '../../apimachinery/status-error.ts'
import {
  type AnyController,
  defineController,
  done,
  requeueAfter,
  watching,
} from '../../reconcile/controller.ts'
import { keyOf, splitKey } from '../../reconcile/owner-references.ts'

/** Removes bootstrap tokens that are over. */
export const tokenCleanerController: AnyController = defineController({
  name: 'token-cleaner',
  watches: [
    watching({
      kind: Secret,
      selection: { namespace: bootstrapTokenNamespace, fieldSelector: `type=${bootstrapTokenType}` },
      when: (secret) => secret !== undefined,
      keys: (secret) => (isBootstrapToken(secret) ? [keyOf(secret)] : []),
    }),
  ],
  permissions: [{ group: '', resources: ['secrets'], verbs: ['delete'] }],
  workers: 1,
  reconcile: async (key, { cache, api, host }) => {
    const [namespace, name] = splitKey(key)
    const secret = cache.of(Secret).get(namespace, name)
    const endMs = secret === undefined ? undefined : bootstrapTokenEndMs(secret)
    if (endMs === undefined) return done
    if (endMs > host.now()) return requeueAfter(endMs - host.now())
    const uid = secret?.metadata?.uid
    try {
      await api.resource(Secret).delete(namespace, name, uid === undefined ? {} : { preconditions: { uid } })
    } catch (error) {
      if (!isStatus(error, 'NotFound', 'Conflict')) throw error
    }
    return done
  },
})
