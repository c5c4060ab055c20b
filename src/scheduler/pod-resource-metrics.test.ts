import { expect, test } from 'vitest'
import type { core } from '../api/generated/types/index.ts'
import { exposePodResources } from './pod-resource-metrics.ts'

const pod = (name: string, nodeName: string, phase?: string): core.v1.Pod => ({
  metadata: { namespace: 'd', name },
  spec: {
    nodeName,
    schedulerName: 's',
    priority: 7,
    overhead: { cpu: '50m', memory: '1Mi' },
    initContainers: [{ name: 'i', resources: { requests: { cpu: '2' } } }],
    containers: [
      {
        name: 'c',
        resources: {
          requests: { cpu: '1', memory: '1Ki', 'example.com/gpu': '2' },
          limits: { cpu: '1500m', 'example.com/gpu': '2' },
        },
      },
    ],
  },
  ...(phase === undefined ? {} : { status: { phase } }),
})

const samples = (...pods: readonly core.v1.Pod[]): readonly string[] =>
  exposePodResources(pods)
    .split('\n')
    .filter((line) => line.startsWith('kube_'))

test('exposePodResources() shows what pods ask for and may use, overhead included, in units of the resource', () => {
  const labels = (resource: string, unit: string): string =>
    `{namespace="d",pod="p",node="n",scheduler="s",priority="7",resource="${resource}",unit="${unit}"}`
  expect(samples(pod('p', 'n'))).toEqual([
    `kube_pod_resource_limit${labels('cpu', 'cores')} 1.55`,
    `kube_pod_resource_limit${labels('example.com/gpu', '')} 2`,
    `kube_pod_resource_request${labels('cpu', 'cores')} 2.05`,
    `kube_pod_resource_request${labels('memory', 'bytes')} 1.0496e+06`,
    `kube_pod_resource_request${labels('example.com/gpu', '')} 2`,
  ])
})

test('exposePodResources() leaves pods out that have ended on a node', () => {
  expect(samples(pod('p', 'n', 'Succeeded'), pod('q', 'n', 'Failed'))).toEqual([])
  expect(samples(pod('p', '', 'Failed'), pod('q', 'n', 'Running'))).toHaveLength(10)
})
