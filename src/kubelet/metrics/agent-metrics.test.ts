import { afterEach, beforeEach, expect, test } from 'vitest'
import { PrometheusMetrics } from '../../base/prometheus.ts'
import { SimulatedRuntime } from '../runtime/simulated/simulated-runtime.ts'
import { type NodeBench, nodeBench } from '../testing/node-bench.ts'
import { imageSizeLabel } from './pod-metrics.ts'
import { relistMetrics } from './relist-metrics.ts'
import { RuntimeMetrics } from './runtime-metrics.ts'
import { StartupMetrics } from './startup-metrics.ts'
import { timedRuntime } from './timed-runtime.ts'

let metrics: PrometheusMetrics
let bench: NodeBench
beforeEach(async () => {
  metrics = new PrometheusMetrics()
  bench = await nodeBench({}, '', { metrics: () => metrics })
})
afterEach(() => bench.close())

/** The lines of a family, without those of its buckets. */
const lines = (family: string): readonly string[] =>
  metrics
    .expose()
    .split('\n')
    .filter((line) => line.startsWith(family) && !line.includes('_bucket'))

test('PodMetrics count what becomes of pods', async () => {
  await bench.run('web', {
    initContainers: [{ name: 'init', image: 'web:1', command: ['true'] }],
    containers: [{ name: 'main', image: 'web:1', imagePullPolicy: 'Always' }],
  })
  await bench.run('broken', { containers: [{ name: 'main', image: 'web:1', imagePullPolicy: 'Never' }] })
  await bench.host.advance(5_000)
  expect(lines('kubelet_started_pods_total')).toEqual(['kubelet_started_pods_total 2'])
  expect(lines('kubelet_started_containers_total').toSorted()).toEqual([
    expect.stringMatching(/^kubelet_started_containers_total{container_type="container"} \d+$/),
    'kubelet_started_containers_total{container_type="init_container"} 1',
  ])
  expect(lines('kubelet_pod_start_duration_seconds_count')).toEqual([
    expect.stringMatching(/^kubelet_pod_start_duration_seconds_count [12]$/),
  ])
  expect(lines('kubelet_pod_worker_duration_seconds_count')).toContainEqual(
    'kubelet_pod_worker_duration_seconds_count{operation_type="create"} 2',
  )
  expect(lines('kubelet_pod_worker_start_duration_seconds_count')).toEqual([
    'kubelet_pod_worker_start_duration_seconds_count 2',
  ])
  expect(lines('kubelet_image_pull_duration_seconds_count')).toEqual([
    expect.stringMatching(/_count{image_size_in_bytes="0-10MB"} \d+$/),
  ])
  expect(lines('kubelet_pod_status_sync_duration_seconds_count')).toHaveLength(1)
  expect(lines('kubelet_active_pods')).toEqual([
    'kubelet_active_pods{static=""} 2',
    'kubelet_active_pods{static="true"} 0',
  ])
  expect(lines('kubelet_working_pods')).toContainEqual(
    'kubelet_working_pods{lifecycle="sync",config="desired",static=""} 2',
  )
  await bench.markDeleted('web', 0)
  await bench.host.advance(5_000)
  expect(lines('kubelet_pod_worker_duration_seconds_count').join()).toContain('operation_type="kill"')
})

test.each([
  [0, '0-10MB'],
  [10 * 1024 ** 2, '10MB-100MB'],
  [1024 ** 3 - 1, '500MB-1GB'],
  [200 * 1024 ** 3, 'GT100GB'],
])('imageSizeLabel() of %d bytes is %s', (bytes, label) => {
  expect(imageSizeLabel(bytes)).toBe(label)
})

test('timedRuntime() counts calls and failures under upstream’s names', async () => {
  const runtime = timedRuntime(
    new SimulatedRuntime({ host: bench.host }),
    new RuntimeMetrics(metrics),
    bench.host,
  )
  await runtime.version()
  await expect(runtime.containerStatus('none')).rejects.toThrow()
  expect(lines('kubelet_runtime_operations_total')).toEqual([
    'kubelet_runtime_operations_total{operation_type="version"} 1',
    'kubelet_runtime_operations_total{operation_type="container_status"} 1',
  ])
  expect(lines('kubelet_runtime_operations_errors_total')).toEqual([
    'kubelet_runtime_operations_errors_total{operation_type="container_status"} 1',
  ])
})

test('relistMetrics() tell how often is listed, how long that takes, and when it last was', () => {
  const observe = relistMetrics(metrics)
  observe({ atMs: 10_000, tookMs: 50 })
  observe({ atMs: 12_000, tookMs: 500 })
  expect(lines('kubelet_pleg_')).toEqual([
    'kubelet_pleg_last_seen_seconds 12',
    'kubelet_pleg_relist_duration_seconds_sum 0.55',
    'kubelet_pleg_relist_duration_seconds_count 2',
    'kubelet_pleg_relist_interval_seconds_sum 2',
    'kubelet_pleg_relist_interval_seconds_count 1',
  ])
})

test('StartupMetrics show each part of a node’s start, the last once', () => {
  const startup = new StartupMetrics(metrics, 0, 10_000)
  startup.registering(11_000)
  startup.registered(13_000)
  startup.ready(20_000)
  startup.ready(30_000)
  expect(lines('kubelet_node_startup')).toEqual([
    'kubelet_node_startup_duration_seconds 20',
    'kubelet_node_startup_post_registration_duration_seconds 7',
    'kubelet_node_startup_pre_kubelet_duration_seconds 10',
    'kubelet_node_startup_pre_registration_duration_seconds 1',
    'kubelet_node_startup_registration_duration_seconds 2',
  ])
})
