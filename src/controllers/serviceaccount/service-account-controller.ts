import { Namespace } from '../../api/core/namespace/kind.ts'
import { ServiceAccount } from '../../api/core/service-account/kind.ts'
import { hasCause, isStatus } from '../../apimachinery/status-error.ts'
import { type AnyController, defineController, done, watching } from '../../reconcile/controller.ts'

const accountName = 'default'

/** Every active namespace has the ServiceAccount `default`. */
export const serviceAccountController: AnyController = defineController({
  name: 'serviceaccount',
  reconciles: Namespace,
  when: (namespace) => namespace !== undefined,
  watches: [
    watching({
      kind: ServiceAccount,
      when: (account) => account === undefined,
      keys: ({ metadata }) => [metadata?.namespace ?? ''],
    }),
  ],
  permissions: [{ group: '', resources: ['serviceaccounts'], verbs: ['create'] }],
  reconcile: async (namespace, { cache, api }) => {
    if (cache.of(Namespace).get('', namespace)?.status?.phase !== 'Active') return done
    if (cache.of(ServiceAccount).get(namespace, accountName) !== undefined) return done
    try {
      await api.resource(ServiceAccount).create({ metadata: { name: accountName, namespace } })
    } catch (error) {
      if (!isStatus(error, 'AlreadyExists') && !hasCause(error, 'NamespaceTerminating')) throw error
    }
    return done
  },
})
