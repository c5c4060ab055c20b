import { describe, expect, test } from 'vitest'
import type { policy } from '../../api/generated/types/index.ts'
import { formatTime } from '../../apimachinery/time.ts'
import { podWith } from '../../reconcile/testing/pods.ts'
import { desiredHealthy, planBudget } from './plan-budget.ts'

type Budget = policy.v1.PodDisruptionBudget

const nowMs = 1_000_000_000
const ready = (name: string) => podWith({ name, readySinceMs: 0 })
const budget = (spec: Budget['spec'], status: Budget['status'] = {}): Budget => ({
  metadata: { name: 'web', namespace: 'default', generation: 2 },
  spec: { ...spec },
  status: { ...status },
})

describe('desiredHealthy()', () => {
  test.each([
    [{ minAvailable: 3 }, 2, 3],
    [{ minAvailable: '50%' }, 5, 3],
    [{ maxUnavailable: 1 }, 5, 4],
    [{ maxUnavailable: '30%' }, 5, 3],
    [{ maxUnavailable: 7 }, 5, 0],
    [{}, 5, 0],
  ])('of %j with %i pods is %i', (spec, expected, wanted) => {
    expect(desiredHealthy(budget(spec), expected)).toBe(wanted)
  })
})

describe('planBudget()', () => {
  const pods = [ready('a'), ready('b'), podWith({ name: 'c' })]
  const counts = { expectedPods: 3, desiredHealthy: 1 }

  test('allows what is healthy beyond what must be', () => {
    const { status } = planBudget(budget({}), pods, counts, nowMs)
    expect(status).toMatchObject({
      currentHealthy: 2,
      desiredHealthy: 1,
      expectedPods: 3,
      disruptionsAllowed: 1,
      observedGeneration: 2,
      conditions: [{ type: 'DisruptionAllowed', status: 'True', reason: 'SufficientPods', message: '' }],
    })
    const again = budget({}, status)
    expect(planBudget(again, pods, counts, nowMs).status).toBeUndefined()
  })

  test('allows nothing while no pods are expected', () => {
    const none = { expectedPods: 0, desiredHealthy: 0 }
    const { status } = planBudget(budget({}), pods, none, nowMs)
    expect(status).toMatchObject({ disruptionsAllowed: 0, conditions: [{ reason: 'InsufficientPods' }] })
  })

  test('waits two minutes for an evicted pod to go, and counts it again after that', () => {
    const at = (agoMs: number) => formatTime(nowMs - agoMs)
    const disruptedPods = { a: at(10_000), b: at(121_000), gone: at(10_000) }
    const plan = planBudget(budget({}, { disruptedPods }), pods, counts, nowMs)
    expect(plan.status).toMatchObject({ currentHealthy: 1, disruptedPods: { a: at(10_000) } })
    expect(plan.notDeleted.map(({ metadata }) => metadata?.name)).toEqual(['b'])
    expect(plan.recheckMs).toBe(nowMs + 110_000)
  })

  test('does not count pods that are being deleted', () => {
    const going = podWith({ name: 'a', readySinceMs: 0, isDeleting: true })
    expect(planBudget(budget({}), [going, ready('b')], counts, nowMs).status).toMatchObject({
      currentHealthy: 1,
      disruptionsAllowed: 0,
    })
  })
})
