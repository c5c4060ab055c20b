import { expect, test } from 'vitest'
import type { core } from '../../../api/generated/types/index.ts'
import { ClassTotals } from './class-totals.ts'

const asking = (requests: Record<string, string>, limits = {}): core.v1.Pod => ({
  spec: { containers: [{ name: 'main', resources: { requests, limits } }] },
})
const small = { cpu: '250m', memory: '1Mi' }

test('ClassTotals counts each pod once, in the class that it is of', () => {
  const totals = new ClassTotals()
  expect(totals.set('a', asking(small))).toBe('Burstable')
  expect(totals.set('b', asking({ cpu: '1' }))).toBe('Burstable')
  expect(totals.set('c', asking(small, small))).toBe('Guaranteed')
  expect(totals.set('d', asking({}))).toBe('BestEffort')
  expect(totals.requested('Burstable')).toEqual({ cpu: 1250, memory: 2 ** 20 })
  expect(totals.requested('Guaranteed')).toEqual({ cpu: 250, memory: 2 ** 20 })
  expect(totals.requested('BestEffort')).toEqual({ cpu: 0, memory: 0 })

  totals.set('a', asking({ cpu: '2' }))
  expect(totals.requested('Burstable')).toEqual({ cpu: 3000, memory: 0 })
  expect([totals.has('a'), totals.delete('a'), totals.delete('a'), totals.has('a')]).toEqual([
    ...[true, 'Burstable', undefined, false],
  ])
  expect(totals.requested('Burstable')).toEqual({ cpu: 1000, memory: 0 })
})
