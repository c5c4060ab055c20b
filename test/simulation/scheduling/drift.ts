import { isPodTerminal } from '../../../src/api/core/pod/pod-state.ts'
import type { core } from '../../../src/api/generated/types/index.ts'
import { NodeTable } from '../../../src/scheduler/node-table.ts'
import { makePodInfo } from '../../../src/scheduler/pod-info.ts'

/**
 * Where the scheduler's table is not what its caches say. Pods that are there without the cache's word are assumed ones:
 * counted as they are. Everything else is worked out anew.
 */
export function drift(
  { nodes: table }: { readonly nodes: NodeTable },
  nodes: readonly core.v1.Node[],
  pods: readonly core.v1.Pod[],
): readonly string[] {
  const wrong: string[] = []
  const twin = new NodeTable()
  for (const node of nodes) twin.setNode(node)
  const seen = new Map(pods.map((pod) => [pod.metadata?.uid ?? '', pod]))
  for (const pod of pods)
    if (pod.spec?.nodeName && !isPodTerminal(pod)) twin.addPod(pod.spec.nodeName, makePodInfo(pod))
  for (const { name, pods: there } of table.nodes) {
    for (const [uid, info] of there) {
      if (twin.get(name)?.pods.has(uid)) continue
      const pod = seen.get(uid)
      if (pod === undefined || pod.spec?.nodeName || isPodTerminal(pod))
        wrong.push(`${info.key} is on ${name} for the scheduler alone`)
      twin.addPod(name, makePodInfo(info.pod))
    }
  }
  if (twin.nodes.length !== table.nodes.length)
    wrong.push(`${table.nodes.length} nodes are known instead of ${twin.nodes.length}`)
  for (const expected of twin.nodes) {
    const actual = table.get(expected.name)
    if (actual === undefined) continue
    for (const column of Object.keys(twin.columns) as (keyof typeof twin.columns)[]) {
      // It says how often a node has changed on the way.
      if (column === 'generation') continue
      const [one, other] = [table.columns[column][actual.index], twin.columns[column][expected.index]]
      if (one !== other) wrong.push(`${expected.name}: ${column} is ${one} instead of ${other}`)
    }
    if (actual.pods.size !== expected.pods.size)
      wrong.push(`${expected.name}: ${actual.pods.size} pods instead of ${expected.pods.size}`)
    if (actual.podsWithAffinity.size !== expected.podsWithAffinity.size)
      wrong.push(`${expected.name}: pods with affinity`)
    if (table.nodesWithRequiredAntiAffinity.has(actual) !== actual.podsWithRequiredAntiAffinity.size > 0)
      wrong.push(`${expected.name}: the index of pods that keep apart`)
  }
  return wrong
}
