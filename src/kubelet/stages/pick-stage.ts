import type { KubernetesObject } from '../../apimachinery/meta.ts'
import type { Host } from '../../base/host.ts'
import type { Stage } from './stage.ts'

/** One of several by its weight, as KWOK: each as likely where none has a weight, else none that has no weight. */
export function pickStage(stages: readonly Stage[], object: KubernetesObject, host: Host): Stage | undefined {
  if (stages.length <= 1) return stages[0]
  const weights = stages.map((stage) => stage.weight(object))
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  if (total === 0) return stages[Math.floor(host.random() * stages.length)]
  let left = host.random() * total
  return stages.find((_, index) => {
    left -= weights[index] ?? 0
    return left < 0
  })
}
