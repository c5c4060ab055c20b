import { expect, test } from 'vitest'
import { toleratedSeconds } from './plan-eviction.ts'

const unreachable = { key: 'unreachable', effect: 'NoExecute' }
const notReady = { key: 'not-ready', effect: 'NoExecute' }
const tolerate = (key: string, tolerationSeconds?: number) => ({
  key,
  operator: 'Exists',
  effect: 'NoExecute',
  ...(tolerationSeconds === undefined ? {} : { tolerationSeconds }),
})

test.each([
  { what: 'no toleration', tolerations: [], taints: [unreachable], seconds: 0 },
  { what: 'one for ever', tolerations: [tolerate('unreachable')], taints: [unreachable], seconds: undefined },
  {
    what: 'one for a time',
    tolerations: [tolerate('unreachable', 300)],
    taints: [unreachable],
    seconds: 300,
  },
  {
    what: 'the shortest of several',
    tolerations: [tolerate('unreachable', 300), tolerate('not-ready', 60)],
    taints: [unreachable, notReady],
    seconds: 60,
  },
  {
    what: 'one taint of two tolerated',
    tolerations: [tolerate('unreachable', 300)],
    taints: [unreachable, notReady],
    seconds: 0,
  },
  { what: 'negative seconds', tolerations: [tolerate('unreachable', -5)], taints: [unreachable], seconds: 0 },
])('toleratedSeconds() with $what', ({ tolerations, taints, seconds }) => {
  expect(toleratedSeconds(tolerations, taints)).toBe(seconds)
})
