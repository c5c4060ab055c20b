import { ReplicaSet } from '../../api/apps/replica-set/kind.ts'
import { labelMatcherOf } from '../../apimachinery/selectors/label-selector.ts'
import { replicaController } from './replica-controller.ts'

/** Keeps as many pods as each ReplicaSet wants. */
export const replicaSetController = replicaController({
  name: 'replicaset',
  kind: ReplicaSet,
  selectorOf: ({ spec }) => labelMatcherOf(spec?.selector),
  withStatus: (set, status) => ({ ...set, status }),
})
