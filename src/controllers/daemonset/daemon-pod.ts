import { DaemonSet as kind } from '../../api/apps/daemon-set/kind.ts'
import { templateGeneration } from '../../api/apps/daemon-set/template-generation.ts'
import type { apps, core } from '../../api/generated/types/index.ts'
import { controllerReference } from '../../reconcile/owner-references.ts'
import { podFromTemplate } from '../../reconcile/pod-from-template.ts'

type DaemonSet = apps.v1.DaemonSet
type Pod = core.v1.Pod

export const hashLabel = 'controller-revision-hash'

/** Clients of old look at it. */
const generationLabel = 'pod-template-generation'

export const hashOf = (pod: Pod): string => pod.metadata?.labels?.[hashLabel] ?? ''

const exists = (key: string, effect: string): core.v1.Toleration => ({
  key: `node.kubernetes.io/${key}`,
  operator: 'Exists',
  effect,
})

/** A node's troubles are no reason to take its daemons away (https://kubernetes.io/docs/concepts/workloads/controllers/daemonset/#taints-and-tolerations). */
const daemonTolerations: readonly core.v1.Toleration[] = [
  exists('not-ready', 'NoExecute'),
  exists('unreachable', 'NoExecute'),
  exists('disk-pressure', 'NoSchedule'),
  exists('memory-pressure', 'NoSchedule'),
  exists('pid-pressure', 'NoSchedule'),
  exists('unschedulable', 'NoSchedule'),
]
const networkToleration = exists('network-unavailable', 'NoSchedule')

/** The template's tolerations with those of all daemons. */
export function tolerationsOf({ spec }: DaemonSet): readonly core.v1.Toleration[] {
  const own = spec?.template.spec?.tolerations ?? []
  const wanted = spec?.template.spec?.hostNetwork
    ? [...daemonTolerations, networkToleration]
    : daemonTolerations
  const isSame = (a: core.v1.Toleration, b: core.v1.Toleration): boolean =>
    a.key === b.key && a.effect === b.effect && a.operator === b.operator && a.tolerationSeconds === undefined
  return [...own, ...wanted.filter((each) => !own.some((present) => isSame(present, each)))]
}

/** Node affinity to one node: the scheduler places the pod, and can do so nowhere else. */
function affinityTo(nodeName: string, affinity: core.v1.Affinity | undefined): core.v1.Affinity {
  const matchFields = [{ key: 'metadata.name', operator: 'In', values: [nodeName] }]
  const required = { nodeSelectorTerms: [{ matchFields }] }
  return {
    ...affinity,
    nodeAffinity: {
      ...affinity?.nodeAffinity,
      requiredDuringSchedulingIgnoredDuringExecution: required,
    },
  }
}

/** The pod of one node. */
export function makeDaemonPod(set: DaemonSet, nodeName: string, hash: string): Pod {
  const pod = podFromTemplate(set.spec?.template, set, controllerReference(kind, set))
  const generation = templateGeneration(set)
  const labels = {
    ...pod.metadata?.labels,
    [hashLabel]: hash,
    ...(generation === undefined ? {} : { [generationLabel]: generation }),
  }
  const metadata = { ...pod.metadata, labels }
  if (pod.spec === undefined) return { ...pod, metadata }
  const affinity = affinityTo(nodeName, pod.spec.affinity)
  return { ...pod, metadata, spec: { ...pod.spec, tolerations: tolerationsOf(set), affinity } }
}

/** The node that a pod runs on, or waits for; undefined for a pod that no daemon set has made. */
export function targetNode({ spec }: Pod): string | undefined {
  if ((spec?.nodeName ?? '') !== '') return spec?.nodeName
  const terms =
    spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? []
  for (const { matchFields = [] } of terms) {
    const found = matchFields.find(({ key, operator }) => key === 'metadata.name' && operator === 'In')
    if (found !== undefined) return found.values?.length === 1 ? found.values[0] : undefined
  }
  return undefined
}
