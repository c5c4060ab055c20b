import { expect, test } from 'vitest'
import type { core } from '../../api/generated/types/index.ts'
import { silentLogger } from '../../base/logger.ts'
import { PrometheusMetrics } from '../../base/prometheus.ts'
import { testHost } from '../../client/testing/test-host.ts'
import { usualPinning } from '../resources/pinning-settings.ts'
import { AllocationManager } from './allocation-manager.ts'
import { whyInfeasible } from './infeasible-resize.ts'
import { SavedGrants } from './saved-grants.ts'

const podOf = (cpu: string, memory: string, generation = 1, limits = true): core.v1.Pod => {
  const amounts = { cpu, memory }
  const resources = { requests: amounts, ...(limits ? { limits: amounts } : {}) }
  return {
    metadata: { uid: 'u', name: 'p', namespace: 'ns', generation },
    spec: { containers: [{ name: 'c', resources }] },
  }
}
const pinning = { ...usualPinning, cpuPolicy: 'static', memoryPolicy: 'Static' } as const
const cpuText = 'Resize is infeasible for Guaranteed Pods alongside CPU Manager policy "static"'
const memoryText = 'Resize is infeasible for Guaranteed Pods alongside Memory Manager policy "Static"'

test.each([
  ['more processors', podOf('3', '1Gi'), pinning, cpuText],
  ['more memory', podOf('2', '2Gi'), pinning, memoryText],
  ['the same in other words', podOf('2000m', '1024Mi'), pinning, undefined],
  ['more of both where nothing is pinned', podOf('3', '2Gi'), usualPinning, undefined],
  [
    'more memory where processors are pinned',
    podOf('2', '2Gi'),
    { ...usualPinning, cpuPolicy: 'static' } as const,
    undefined,
  ],
  ['more in a pod that is not guaranteed', podOf('3', '2Gi', 1, false), pinning, undefined],
] as const)('whyInfeasible() of %s', (_what, wanted, settings, text) => {
  expect(whyInfeasible(wanted, podOf('2', '1Gi'), settings)?.message).toBe(text)
})

test('AllocationManager says what is never granted, and does not try it again', () => {
  const told: string[] = []
  let asked = 0
  const metrics = new PrometheusMetrics()
  const allocations = new AllocationManager({
    ...{ host: testHost(), logger: silentLogger, metrics, saved: new SavedGrants(undefined) },
    events: { event: (_pod, type, reason) => void told.push(`${type} ${reason}`) },
    admit: () => undefined,
    infeasible: (wanted, granted) => {
      asked++
      return whyInfeasible(wanted, granted, pinning)
    },
    onChange: () => {},
  })
  allocations.begin(podOf('2', '1Gi'), undefined)
  allocations.update(podOf('3', '1Gi', 2))
  expect(allocations.conditions('u')).toMatchObject([
    { type: 'PodResizePending', reason: 'Infeasible', message: cpuText, observedGeneration: 2 },
  ])
  allocations.retry('periodic_retry')
  allocations.update(podOf('3', '1Gi', 3))
  expect(asked).toBe(1)
  expect(allocations.granted(podOf('3', '1Gi', 2)).spec?.containers[0]?.resources?.requests?.['cpu']).toBe(
    '2',
  )
  expect(metrics.expose()).toContain(
    'kubelet_pod_infeasible_resizes_total{reason_detail="guaranteed_pod_cpu_manager_static_policy"} 1',
  )
  expect(metrics.expose()).toContain('kubelet_pod_pending_resizes{reason="infeasible"} 1')
  allocations.update(podOf('2', '1Gi', 4))
  expect(allocations.conditions('u')).toEqual([])
  expect(told).toEqual(['Warning ResizeInfeasible'])
})

test('AllocationManager tries what waits again for what makes room, and counts what then is granted', async () => {
  const metrics = new PrometheusMetrics()
  const host = testHost()
  let room = false
  let asked = 0
  const allocations = new AllocationManager({
    ...{ host, logger: silentLogger, metrics, saved: new SavedGrants(undefined), onChange: () => {} },
    events: { event: () => {} },
    admit: () => {
      asked++
      return room ? undefined : { reason: 'OutOfcpu', message: 'no room' }
    },
  })
  allocations.begin(podOf('2', '1Gi'), undefined)
  allocations.update(podOf('3', '1Gi', 2))
  allocations.update(podOf('3', '1Gi', 3))
  expect(asked).toBe(1)
  expect(metrics.expose()).toContain('kubelet_pod_pending_resizes{reason="deferred"} 1')
  room = true
  await host.advance(3 * 60_000)
  const lines = metrics.expose().split('\n')
  expect(lines).toContain('kubelet_pod_deferred_accepted_resizes_total{retry_trigger="periodic_retry"} 1')
  expect(lines).toContain('kubelet_pod_in_progress_resizes 1')
  for (const requirement of ['requests', 'limits']) {
    expect(lines).toContain(
      `kubelet_container_requested_resizes_total{resource="cpu",requirement="${requirement}",operation="increase"} 1`,
    )
  }
  allocations.stop()
})
