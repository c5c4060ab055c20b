import { expect, test } from 'vitest'
import type { core } from '../../../api/generated/types/index.ts'
import { NodeTable } from '../../node-table.ts'
import { makePodInfo } from '../../pod-info.ts'
import { nodeDeclaredFeatures } from './node-declared-features.ts'

const feature = 'RestartAllContainersOnContainerExits'
const no = "node(s) didn't match Pod's required features"
const restarts: core.v1.PodSpec = {
  containers: [{ name: 'c', restartPolicyRules: [{ action: 'RestartAllContainers' }] }],
}

test.each<[string, core.v1.PodSpec, unknown]>([
  ['passes over pods that need nothing', { containers: [{ name: 'c' }] }, 'skip'],
  ['wants what a rule needs', restarts, [no, undefined]],
  [
    'wants user namespaces on the host network',
    { containers: [], hostNetwork: true, hostUsers: false },
    [no, no],
  ],
])('nodeDeclaredFeatures() %s', (_name, spec, expected) => {
  const table = new NodeTable()
  table.setNode({ metadata: { name: 'old' } })
  table.setNode({ metadata: { name: 'new' }, status: { declaredFeatures: [feature] } })
  const result = nodeDeclaredFeatures().preFilter?.(makePodInfo({ metadata: { name: 'p' }, spec }))
  const shown =
    result?.type === 'filter' ? table.nodes.map((node) => result.filter(node)?.reasons.join()) : result?.type
  expect(shown).toEqual(expected)
})
