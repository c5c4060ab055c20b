import type { core } from '../../api/generated/types/index.ts'
import { containerFacts } from '../runtime/labels.ts'
import type { Container } from '../runtime/messages.ts'
import type { ObservedPod } from './observed-pod.ts'

export interface PodIdentity {
  readonly uid: string
  readonly name: string
  readonly namespace: string
}

/** As much of a pod as its containers' annotations tell: enough to end it in order. */
export function restoredPod(
  identity: PodIdentity,
  observed: ObservedPod,
  containers: readonly Container[],
): core.v1.Pod {
  const facts = new Map(containers.map(({ id, annotations }) => [id, containerFacts(annotations)]))
  const all = [...facts.values()]
  const deletion = all.find((it) => it.podDeletionGracePeriodSeconds !== undefined)
  const grace = all.find((it) => it.podTerminationGracePeriodSeconds !== undefined)
  const names = new Set(observed.containers.map(({ name }) => name))
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      ...identity,
      ...(deletion?.podDeletionGracePeriodSeconds === undefined
        ? {}
        : { deletionGracePeriodSeconds: deletion.podDeletionGracePeriodSeconds }),
    },
    spec: {
      ...(grace?.podTerminationGracePeriodSeconds === undefined
        ? {}
        : { terminationGracePeriodSeconds: grace.podTerminationGracePeriodSeconds }),
      containers: [...names].map((name) => {
        const latest = observed.containers.find((container) => container.name === name)
        const preStop = facts.get(latest?.id ?? '')?.preStop
        return { name, ...(preStop === undefined ? {} : { lifecycle: { preStop } }) }
      }),
    },
  }
}
