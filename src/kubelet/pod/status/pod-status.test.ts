import { describe, expect, test } from 'vitest'
import type { core } from '../../../api/generated/types/index.ts'
import { containerHash } from '../../runtime/labels.ts'
import { observedContainer } from '../../testing/observed-container.ts'
import type { ObservedPod } from '../observed-pod.ts'
import type { ProbeResult } from '../plan/plan.ts'
import { podPhase } from './pod-phase.ts'
import { type PodStatusInput, podStatus } from './pod-status.ts'
import { statusPatch } from './status-patch.ts'
import { terminatedStatus } from './terminated-status.ts'

type Pod = core.v1.Pod

const running = (name: string): core.v1.ContainerStatus => status(name, { running: {} })
const exited = (name: string, exitCode: number): core.v1.ContainerStatus =>
  status(name, { terminated: { exitCode } })
const waiting = (name: string, lastCode?: number): core.v1.ContainerStatus =>
  status(name, { waiting: {} }, lastCode === undefined ? {} : { terminated: { exitCode: lastCode } })
function status(
  name: string,
  state: core.v1.ContainerState,
  lastState: core.v1.ContainerState = {},
): core.v1.ContainerStatus {
  return { name, state, lastState, image: '', imageID: '', ready: false, restartCount: 0 }
}

describe('podPhase()', () => {
  const pod = (restartPolicy: string): Pod => ({
    spec: { restartPolicy, containers: [{ name: 'a' }, { name: 'b' }] },
  })

  test.each<[string, readonly core.v1.ContainerStatus[], string]>([
    ['Always', [], 'Pending'],
    ['Always', [waiting('a'), waiting('b')], 'Pending'],
    ['Always', [running('a'), waiting('b')], 'Pending'],
    ['Always', [running('a'), running('b')], 'Running'],
    ['Always', [running('a'), waiting('b', 1)], 'Running'],
    ['Always', [exited('a', 1), exited('b', 0)], 'Running'],
    ['OnFailure', [exited('a', 0), exited('b', 1)], 'Running'],
    ['OnFailure', [exited('a', 0), exited('b', 0)], 'Succeeded'],
    ['Never', [exited('a', 0), running('b')], 'Running'],
    ['Never', [exited('a', 0), exited('b', 1)], 'Failed'],
    ['Never', [exited('a', 0), exited('b', 0)], 'Succeeded'],
  ])('with restartPolicy %s (%#) is %s', (policy, statuses, phase) => {
    expect(podPhase(pod(policy), statuses, false, true)).toBe(phase)
  })

  test('a pod that ends fails if one of its containers did', () => {
    expect(podPhase(pod('Always'), [exited('a', 0), exited('b', 137)], true, true)).toBe('Failed')
    expect(podPhase(pod('Always'), [exited('a', 0), exited('b', 0)], true, true)).toBe('Succeeded')
  })

  test('init containers hold a pod back, and fail it where they are not tried again', () => {
    const withInit = (restartPolicy: string): Pod => ({
      spec: { restartPolicy, initContainers: [{ name: 'i' }], containers: [{ name: 'a' }] },
    })
    expect(podPhase(withInit('Always'), [running('i'), waiting('a')], false, false)).toBe('Pending')
    expect(podPhase(withInit('Never'), [exited('i', 1), waiting('a')], false, false)).toBe('Failed')
    expect(podPhase(withInit('OnFailure'), [exited('i', 1), waiting('a')], false, false)).toBe('Pending')
  })
})

describe('podStatus()', () => {
  const pod: Pod = {
    metadata: { name: 'p', namespace: 'ns', uid: 'u', generation: 3 },
    spec: {
      restartPolicy: 'Always',
      containers: [{ name: 'web', image: 'web:1', readinessProbe: {} }],
      readinessGates: [{ conditionType: 'example.com/gate' }],
    },
  }
  const container = observedContainer({
    id: 'c1',
    name: 'web',
    sandboxId: 's1',
    hash: containerHash({ name: 'web', image: 'web:1' }),
    image: 'web:1',
    imageId: 'sha256:1',
    createdAtMs: 1000,
    startedAtMs: 2000,
  })
  const observed: ObservedPod = {
    sandboxes: [
      {
        id: 's1',
        metadata: { name: 'p', namespace: 'ns', uid: 'u', attempt: 0 },
        state: 'SANDBOX_READY',
        createdAt: 0,
        labels: {},
        annotations: {},
        network: { ip: '10.244.0.2', additionalIps: [] },
      },
    ],
    containers: [container],
    podIps: ['10.244.0.2'],
  }
  const input = (more: Partial<PodStatusInput> & { readonly ready?: ProbeResult } = {}): PodStatusInput => ({
    pod,
    observed,
    previous: {},
    failures: new Map(),
    probes: (kind) => (kind === 'readiness' ? more.ready : undefined),
    runtimeName: 'containerd',
    nodeIps: ['10.0.0.1'],
    nowMs: 10_000,
    agentStartMs: 0,
    terminal: false,
    resizes: [],
    group: undefined,
    ...more,
  })
  const conditions = (from: core.v1.PodStatus): Record<string, string> =>
    Object.fromEntries((from.conditions ?? []).map(({ type, status: met }) => [type, met]))

  test('shows where the pod is, and that it is not ready before its probe says so', () => {
    const shown = podStatus(input({ ready: 'failure' }))
    expect(shown).toMatchObject({
      phase: 'Running',
      hostIP: '10.0.0.1',
      podIPs: [{ ip: '10.244.0.2' }],
      qosClass: 'BestEffort',
      observedGeneration: 3,
      startTime: '1970-01-01T00:00:10Z',
    })
    expect(shown.containerStatuses?.[0]).toMatchObject({
      containerID: 'containerd://c1',
      imageID: 'sha256:1',
      started: true,
      ready: false,
    })
    expect(conditions(shown)).toEqual({
      PodReadyToStartContainers: 'True',
      Initialized: 'True',
      Ready: 'False',
      ContainersReady: 'False',
      PodScheduled: 'True',
    })
  })

  test('readiness gates hold back Ready alone', () => {
    const gated = podStatus(input({ ready: 'success' }))
    expect(conditions(gated)).toMatchObject({ Ready: 'False', ContainersReady: 'True' })
    expect(gated.conditions?.find(({ type }) => type === 'Ready')?.message).toBe(
      'corresponding condition of pod readiness gate "example.com/gate" does not exist.',
    )
    const open: Pod = { ...pod, status: { conditions: [{ type: 'example.com/gate', status: 'True' }] } }
    expect(conditions(podStatus(input({ ready: 'success', pod: open })))).toMatchObject({ Ready: 'True' })
  })

  test('a transition keeps its time until there is another', () => {
    const first = podStatus(input({ ready: 'failure' }))
    const later = podStatus(input({ ready: 'failure', previous: first, nowMs: 20_000 }))
    expect(later.conditions).toEqual(first.conditions)
    const changed = podStatus(input({ ready: 'success', previous: first, nowMs: 20_000 }))
    const at = (type: string): string | null | undefined =>
      changed.conditions?.find((condition) => condition.type === type)?.lastTransitionTime
    expect(at('ContainersReady')).toBe('1970-01-01T00:00:20Z')
    expect(at('Initialized')).toBe('1970-01-01T00:00:10Z')
  })

  test('a container that could not be started waits, and shows how it ended before', () => {
    const dead = { ...container, state: 'exited' as const, exitCode: 3, reason: 'Error', finishedAtMs: 9000 }
    const failures = new Map([['web', { reason: 'CrashLoopBackOff', message: 'back-off 10s' }]])
    const shown = podStatus(input({ observed: { ...observed, containers: [dead] }, failures }))
    expect(shown.phase).toBe('Running')
    expect(shown.containerStatuses?.[0]).toMatchObject({
      state: { waiting: { reason: 'CrashLoopBackOff', message: 'back-off 10s' } },
      lastState: { terminated: { exitCode: 3, reason: 'Error', containerID: 'containerd://c1' } },
    })
  })

  test('what vanished while it ran has ended with an unknown status', () => {
    const previous = podStatus(input({ ready: 'success' }))
    const shown = podStatus(input({ previous, observed: { ...observed, containers: [] } }))
    expect(shown.containerStatuses?.[0]).toMatchObject({
      restartCount: 1,
      state: { waiting: { reason: 'ContainerCreating' } },
      lastState: { terminated: { reason: 'ContainerStatusUnknown', exitCode: 137 } },
    })
    expect(shown.phase).toBe('Running')
  })

  test('a container older than the agent stays ready until it is probed', () => {
    const ready: Pod = {
      ...pod,
      spec: { containers: pod.spec?.containers ?? [] },
      status: { conditions: [{ type: 'Ready', status: 'True' }] },
    }
    const shown = podStatus(input({ pod: ready, agentStartMs: 60_000 }))
    expect(shown.containerStatuses?.[0]?.ready).toBe(true)
  })

  test('terminal phases are kept, and an own verdict fails the pod', () => {
    const done: Pod = { ...pod, status: { phase: 'Succeeded' } }
    expect(podStatus(input({ pod: done })).phase).toBe('Succeeded')
    const verdict = { reason: 'DeadlineExceeded', message: 'too long' }
    expect(podStatus(input({ verdict }))).toMatchObject({ phase: 'Failed', ...verdict })
  })

  test('a pod without a ready sandbox keeps its address', () => {
    const previous = podStatus(input())
    const ended = { ...observed, podIps: [], sandboxes: [] }
    expect(podStatus(input({ observed: ended, previous }))).toMatchObject({
      podIP: '10.244.0.2',
      podIPs: [{ ip: '10.244.0.2' }],
    })
    expect(podStatus(input({ observed: ended })).podIP).toBeUndefined()
  })

  test('terminatedStatus() leaves no container open', () => {
    const last = podStatus(input({ ready: 'success' }))
    const ended = terminatedStatus(pod, last, () => true)
    expect(ended.phase).toBe('Failed')
    expect(ended.containerStatuses?.[0]?.state?.terminated?.reason).toBe('ContainerStatusUnknown')
  })
})

test('statusPatch() holds only what differs, and nothing of others', () => {
  const base: core.v1.PodStatus = {
    phase: 'Pending',
    conditions: [
      { type: 'PodScheduled', status: 'True' },
      { type: 'example.com/gate', status: 'True' },
    ],
    podIPs: [{ ip: '1.1.1.1' }],
  }
  expect(statusPatch(base, base)).toBeUndefined()
  const next: core.v1.PodStatus = {
    phase: 'Running',
    conditions: [
      { type: 'PodScheduled', status: 'True' },
      { type: 'Ready', status: 'True' },
    ],
    podIPs: [{ ip: '2.2.2.2' }],
  }
  expect(statusPatch(base, next)).toEqual({
    phase: 'Running',
    podIPs: [{ $patch: 'replace' }, { ip: '2.2.2.2' }],
    conditions: [{ type: 'Ready', status: 'True' }],
    '$setElementOrder/conditions': [
      { type: 'example.com/gate' },
      { type: 'PodScheduled' },
      { type: 'Ready' },
    ],
  })
})
