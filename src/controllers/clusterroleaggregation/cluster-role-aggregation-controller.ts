import { ClusterRole } from '../../api/rbac/cluster-role/kind.ts'
import { semanticallyEqual } from '../../apimachinery/semantically-equal.ts'
import { defineController, done, watching } from '../../reconcile/controller.ts'
import { aggregateRules } from './aggregate-rules.ts'

const fieldManager = 'clusterrole-aggregation-controller'

/** Fills roles that have an aggregation rule (`admin`, `edit`, `view`) with the rules of those that it picks. */
export const clusterRoleAggregationController = defineController({
  name: 'clusterrole-aggregation',
  reconciles: ClusterRole,
  watches: [
    watching({
      kind: ClusterRole,
      // Which roles pick which is not known beforehand, and there are few.
      keys: (_role, { cache }) =>
        cache
          .of(ClusterRole)
          .list()
          .filter(({ aggregationRule }) => aggregationRule !== undefined)
          .map(({ metadata }) => metadata?.name ?? ''),
    }),
  ],
  permissions: [
    {
      group: 'rbac.authorization.k8s.io',
      resources: ['clusterroles'],
      verbs: ['escalate', 'get', 'list', 'patch', 'update', 'watch'],
    },
  ],
  reconcile: async (name, { cache, api }) => {
    const role = cache.of(ClusterRole).get('', name)
    if (role?.aggregationRule === undefined) return done
    const rules = aggregateRules(role, cache.of(ClusterRole).list())
    if (semanticallyEqual(rules, role.rules ?? [])) return done
    await api.resource(ClusterRole).apply({ metadata: { name }, rules }, { fieldManager, force: true })
    return done
  },
})
