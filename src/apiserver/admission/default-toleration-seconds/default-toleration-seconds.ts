import type { core } from '../../../api/generated/types/index.ts'
import type { KubernetesObject } from '../../../apimachinery/meta.ts'
import type { AdmissionPlugin } from '../../admission.ts'
import { matches } from '../matches.ts'

export interface TolerationSeconds {
  /** `--default-not-ready-toleration-seconds` */
  readonly notReady: number
  /** `--default-unreachable-toleration-seconds` */
  readonly unreachable: number
}

export const defaultTolerationSeconds: TolerationSeconds = { notReady: 300, unreachable: 300 }

const toleration = (key: string, tolerationSeconds: number): core.v1.Toleration => ({
  key,
  operator: 'Exists',
  effect: 'NoExecute',
  tolerationSeconds,
})

const tolerates = (tolerations: readonly core.v1.Toleration[], wanted: string): boolean =>
  tolerations.some(
    ({ key = '', effect = '' }) =>
      (key === '' || key === wanted) && (effect === '' || effect === 'NoExecute'),
  )

/** Pods stay on a node that is in trouble for five minutes, unless they say otherwise. */
export function tolerationSecondsPlugin(seconds: TolerationSeconds): AdmissionPlugin {
  const defaults = [
    toleration('node.kubernetes.io/not-ready', seconds.notReady),
    toleration('node.kubernetes.io/unreachable', seconds.unreachable),
  ]
  return {
    name: 'DefaultTolerationSeconds',
    handles: matches({ operations: ['CREATE', 'UPDATE'], resources: ['pods'] }),
    mutate: (_attributes, object): KubernetesObject => {
      const pod = object as core.v1.Pod
      const own = pod.spec?.tolerations ?? []
      const missing = defaults.filter(({ key = '' }) => !tolerates(own, key))
      if (missing.length === 0 || pod.spec === undefined) return object
      const tolerant: core.v1.Pod = { ...pod, spec: { ...pod.spec, tolerations: [...own, ...missing] } }
      return tolerant
    },
  }
}
