import { describe, expect, test } from 'vitest'
import { defaultFeatures } from '../../../api/feature-gates.ts'
import type { core } from '../../../api/generated/types/index.ts'
import { spreadConstraints } from './spread-constraint.ts'
import { nodeChangeMayHelp, podChangeMayHelp } from './spread-hints.ts'

const constraints = (change: Partial<core.v1.TopologySpreadConstraint> = {}) =>
  spreadConstraints(
    [
      {
        ...{ maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'DoNotSchedule' },
        ...{ labelSelector: { matchLabels: { app: 'web' } } },
        ...change,
      },
    ],
    {},
    'DoNotSchedule',
    defaultFeatures,
  )
const pod = (uid: string, app: string, spec: Partial<core.v1.PodSpec> = { nodeName: 'n' }): core.v1.Pod => ({
  metadata: { name: uid, uid, namespace: 'default', labels: { app } },
  spec: { containers: [], ...spec },
})
const node = (zone?: string, taints: readonly core.v1.Taint[] = []): core.v1.Node => ({
  metadata: { name: 'n', labels: zone === undefined ? {} : { zone } },
  spec: { taints },
})
const waiting = pod('waiting', 'web', {})
const tolerant = pod('waiting', 'web', { tolerations: [{ operator: 'Exists' }] })

describe('podChangeMayHelp()', () => {
  test.each([
    ['a counted pod came', constraints(), pod('a', 'web'), undefined, true],
    ['a pod came that does not count', constraints(), pod('a', 'db'), undefined, false],
    ['a counted pod left', constraints(), undefined, pod('a', 'web'), true],
    ['a pod left that had no node', constraints(), undefined, pod('a', 'web', {}), false],
    ['a pod counts from now on', constraints(), pod('a', 'web'), pod('a', 'db'), true],
    ['a pod changed and counts as before', constraints(), pod('a', 'web'), pod('a', 'web'), false],
    ['it tolerates more, which matters', constraints({ nodeTaintsPolicy: 'Honor' }), tolerant, waiting, true],
    ['it tolerates more, which does not matter', constraints(), tolerant, waiting, false],
  ])('%s', (_name, given, now, old, expected) => {
    expect(podChangeMayHelp(waiting, given, now, old)).toBe(expected)
  })
})

describe('nodeChangeMayHelp()', () => {
  const taint = [{ key: 't', effect: 'NoSchedule' }]
  test.each([
    ['a node with the label came', node('a'), undefined, true],
    ['a node without it came', node(), undefined, false],
    ['a node with the label left', undefined, node('a'), true],
    ['a node got the label', node('a'), node(), true],
    ['a node moved', node('a'), node('b'), true],
    ['a node lost a taint', node('a'), node('a', taint), true],
    ['nothing that matters changed', node('a'), node('a'), false],
  ])('%s', (_name, now, old, expected) => {
    expect(nodeChangeMayHelp(constraints(), now, old)).toBe(expected)
  })
})
