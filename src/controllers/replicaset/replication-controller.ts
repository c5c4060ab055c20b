import { ReplicationController } from '../../api/core/replication-controller/kind.ts'
import { labelMatcherOfMap } from '../../apimachinery/selectors/label-selector.ts'
import { replicaController } from './replica-controller.ts'

/** Keeps as many pods as each ReplicationController wants: the older kind of the same thing. */
export const replicationController = replicaController({
  name: 'replicationcontroller',
  reportsAs: 'replication-controller',
  kind: ReplicationController,
  selectorOf: ({ spec }) => labelMatcherOfMap(spec?.selector),
  // The older kind does not tell those that are on their way out.
  withStatus: (controller, { terminatingReplicas: _, ...status }) => ({ ...controller, status }),
})
