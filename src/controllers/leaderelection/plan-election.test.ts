import { describe, expect, test } from 'vitest'
import type { coordination } from '../../api/generated/types/index.ts'
import { formatMicroTime } from '../../apimachinery/time.ts'
import { planElection } from './plan-election.ts'

const nowMs = Date.UTC(2026, 0, 1)
const at = (secondsAgo: number): string => formatMicroTime(nowMs - secondsAgo * 1_000)

interface Traits {
  readonly renewed?: number
  readonly pinged?: number
  readonly versions?: readonly [emulation: string, binary: string]
  readonly age?: number
  readonly strategy?: string
}

function candidate(name: string, traits: Traits = {}): coordination.v1beta1.LeaseCandidate {
  const { renewed = 1, pinged, versions = ['1.36.0', '1.36.0'], age = 100 } = traits
  return {
    metadata: { name, creationTimestamp: at(age) },
    spec: {
      leaseName: 'lease',
      emulationVersion: versions[0],
      binaryVersion: versions[1],
      strategy: traits.strategy ?? 'OldestEmulationVersion',
      renewTime: at(renewed),
      ...(pinged === undefined ? {} : { pingTime: at(pinged) }),
    },
  }
}

const held = (holderIdentity: string, renewed = 1): coordination.v1.LeaseSpec => ({
  holderIdentity,
  renewTime: at(renewed),
  leaseDurationSeconds: 15,
  strategy: 'OldestEmulationVersion',
})

const names = (step: ReturnType<typeof planElection>): readonly (string | undefined)[] =>
  step.type === 'ping' ? step.candidates.map(({ metadata }) => metadata?.name) : []

describe('planElection()', () => {
  test('does nothing for leases without candidates, or with dead ones only', () => {
    expect(planElection(held('x'), [], nowMs)).toEqual({ type: 'none' })
    expect(planElection(undefined, [candidate('a', { renewed: 1_801 })], nowMs)).toEqual({ type: 'none' })
  })

  test('asks those that gave no sign of life just now, and waits for them', () => {
    const quiet = candidate('a', { renewed: 60 })
    expect(names(planElection(undefined, [quiet, candidate('b')], nowMs))).toEqual(['a'])
    const asked = candidate('a', { renewed: 60, pinged: 2 })
    expect(planElection(undefined, [asked, candidate('b')], nowMs)).toEqual({ type: 'wait' })
  })

  test('goes on without one that did not answer, and does not ask it again', () => {
    const silent = candidate('a', { renewed: 60, pinged: 6 })
    expect(planElection(undefined, [silent, candidate('b')], nowMs)).toMatchObject({
      type: 'elect',
      spec: { holderIdentity: 'b' },
    })
    expect(planElection(undefined, [silent], nowMs)).toEqual({ type: 'wait', why: 'no available candidates' })
  })

  test('makes the lease of a first leader', () => {
    expect(planElection(undefined, [candidate('a')], nowMs)).toEqual({
      type: 'elect',
      spec: {
        holderIdentity: 'a',
        strategy: 'OldestEmulationVersion',
        renewTime: at(0),
        leaseDurationSeconds: 5,
      },
    })
  })

  test.each([
    ['the oldest emulation', { versions: ['1.35.0', '1.36.0'] }, { versions: ['1.36.0', '1.36.0'] }],
    ['then the oldest program', { versions: ['1.35.0', '1.35.2'] }, { versions: ['1.35.0', '1.36.0'] }],
    ['then the oldest candidate', { age: 20 }, { age: 10 }],
    ['a version that can be read', {}, { versions: ['old', '1.0.0'] }],
  ] satisfies [string, Traits, Traits][])('prefers %s', (_, better, worse) => {
    for (const order of [
      [candidate('worse', worse), candidate('better', better)],
      [candidate('better', better), candidate('worse', worse)],
    ]) {
      expect(planElection(undefined, order, nowMs)).toMatchObject({ spec: { holderIdentity: 'better' } })
    }
  })

  test('leaves the best leader alone, as long as it renews', () => {
    const candidates = [candidate('a', { age: 20 }), candidate('b')]
    expect(planElection(held('b'), candidates, nowMs)).toEqual({ type: 'wait' })
    expect(planElection(held('a', 16), candidates, nowMs)).toMatchObject({
      spec: { holderIdentity: 'b', leaseDurationSeconds: 5 },
    })
  })

  test('asks a leader that is not the best any more to let its term end', () => {
    const candidates = [candidate('a'), candidate('old', { versions: ['1.35.0', '1.36.0'] })]
    expect(planElection(held('a'), candidates, nowMs)).toEqual({
      type: 'elect',
      spec: { ...held('a'), preferredHolder: 'old' },
    })
    const expired = { ...held('a', 16), preferredHolder: 'old', acquireTime: at(500) }
    const step = planElection(expired, candidates, nowMs)
    expect(step).toMatchObject({ spec: { holderIdentity: 'old', renewTime: at(0) } })
    expect(step).not.toHaveProperty('spec.preferredHolder')
    expect(step).not.toHaveProperty('spec.acquireTime')
  })

  test('asks everybody again after a quarter of an hour', () => {
    const candidates = [candidate('a', { renewed: 901, pinged: 1_000 }), candidate('b', { renewed: 100 })]
    expect(names(planElection(held('a'), candidates, nowMs))).toEqual(['a', 'b'])
  })

  test('leaves the choice to others where candidates have a strategy of their own', () => {
    const own = candidate('a', { strategy: 'example.com/dice' })
    expect(planElection(held('x'), [own], nowMs)).toEqual({ type: 'wait' })
    const step = planElection(undefined, [own], nowMs)
    expect(step).toMatchObject({ type: 'elect', spec: { strategy: 'example.com/dice' } })
    expect(step).not.toHaveProperty('spec.holderIdentity')
  })

  test('follows the newest program’s strategy, and waits where two of one version differ', () => {
    const newer = candidate('n', { versions: ['1.36.0', '1.37.0'], strategy: 'example.com/dice' })
    expect(planElection(undefined, [candidate('a'), newer], nowMs)).toMatchObject({
      spec: { strategy: 'example.com/dice' },
    })
    const other = candidate('b', { strategy: 'example.com/dice' })
    expect(planElection(undefined, [candidate('a'), other], nowMs)).toEqual({
      type: 'wait',
      why: 'candidates "a", "b" at same binary version but received differing strategies OldestEmulationVersion, example.com/dice',
    })
  })
})
