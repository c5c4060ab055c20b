import { ReplicaSet } from '../../../api/apps/replica-set/kind.ts'
import { StatefulSet } from '../../../api/apps/stateful-set/kind.ts'
import { ReplicationController } from '../../../api/core/replication-controller/kind.ts'
import { Service } from '../../../api/core/service/kind.ts'
import type { core } from '../../../api/generated/types/index.ts'
import type { StringMap } from '../../../apimachinery/meta.ts'
import type { LabelRequirement } from '../../../apimachinery/selectors/label-requirement.ts'
import {
  LabelMatcher,
  labelMatcherOfMap,
  validLabelMatcher,
} from '../../../apimachinery/selectors/label-selector.ts'
import type { InformerFactory } from '../../../client/informer.ts'
import { controllerOf } from '../../../reconcile/owner-references.ts'

const selects = (selector: StringMap, labels: StringMap): boolean => {
  for (const key in selector) if (labels[key] !== selector[key]) return false
  return true
}

/** Finds the pods that are a pod's like: what the Services that select it, and its controller, select. Empty: nobody does. */
export function defaultSelector(
  informers: Pick<InformerFactory, 'informer'>,
): (pod: core.v1.Pod) => LabelMatcher {
  const services = informers.informer(Service).lister
  const replicationControllers = informers.informer(ReplicationController).lister
  const replicaSets = informers.informer(ReplicaSet).lister
  const statefulSets = informers.informer(StatefulSet).lister

  return (pod) => {
    const { namespace = '', labels = {} } = pod.metadata ?? {}
    let exact: Record<string, string> = {}
    for (const { spec } of services.list(namespace))
      if (spec?.selector !== undefined && selects(spec.selector, labels))
        exact = { ...exact, ...spec.selector }
    const owner = controllerOf(pod)
    let more: readonly LabelRequirement[] = []
    if (owner?.kind === 'ReplicationController' && owner.apiVersion === 'v1')
      exact = { ...exact, ...replicationControllers.get(namespace, owner.name)?.spec?.selector }
    if (owner?.apiVersion === 'apps/v1') {
      const lister =
        owner.kind === 'ReplicaSet' ? replicaSets : owner.kind === 'StatefulSet' ? statefulSets : undefined
      const selector = lister?.get(namespace, owner.name)?.spec?.selector
      if (selector !== undefined) more = validLabelMatcher(selector).requirements ?? []
    }
    return new LabelMatcher([...(labelMatcherOfMap(exact).requirements ?? []), ...more])
  }
}
