import { describe, expect, test } from 'vitest'
import type { core } from '../../generated/types/index.ts'
import { podRequests } from './pod-requests.ts'

const cpu = (amount: string) => ({ requests: { cpu: amount } })
const container = (name: string, amount: string): core.v1.Container => ({ name, resources: cpu(amount) })
const status = (name: string, inForce: string, given: string): core.v1.ContainerStatus => ({
  ...{ name, image: '', imageID: '', ready: true, restartCount: 0 },
  resources: cpu(inForce),
  allocatedResources: { cpu: given },
})
const infeasible = { type: 'PodResizePending', status: 'True', reason: 'Infeasible' }

describe('podRequests()', () => {
  test.each<[string, core.v1.Pod, number]>([
    ['takes what is asked of a pod without a status', { spec: { containers: [container('a', '1')] } }, 1000],
    [
      'takes what is in force while a pod shrinks',
      { spec: { containers: [container('a', '1')] }, status: { containerStatuses: [status('a', '3', '2')] } },
      3000,
    ],
    [
      'takes what is asked while a pod grows',
      { spec: { containers: [container('a', '5')] }, status: { containerStatuses: [status('a', '3', '2')] } },
      5000,
    ],
    [
      'leaves out what can never be granted',
      {
        spec: { containers: [container('a', '5')] },
        status: { conditions: [infeasible], containerStatuses: [status('a', '2', '3')] },
      },
      3000,
    ],
    [
      'takes what is in force of a sidecar, and what is asked of an init container',
      {
        spec: {
          containers: [],
          initContainers: [{ ...container('s', '1'), restartPolicy: 'Always' }, container('i', '1')],
        },
        status: { initContainerStatuses: [status('s', '2', '2'), status('i', '9', '9')] },
      },
      3000,
    ],
    [
      'takes what is in force of the pod as a whole',
      {
        spec: { containers: [container('a', '1')], resources: cpu('2'), overhead: { cpu: '1' } },
        status: { resources: cpu('4'), allocatedResources: { cpu: '2' } },
      },
      5000,
    ],
  ])('%s', (_name, pod, expected) => {
    expect(podRequests(pod, { held: true }).get('cpu')).toBe(expected)
  })
})
