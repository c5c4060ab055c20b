import { describe, expect, test } from 'vitest'
import type { core } from '../../api/generated/types/index.ts'
import { observedContainer } from '../testing/observed-container.ts'
import { testMachine as machine } from '../testing/test-machine.ts'
import { BackOff } from './back-off.ts'
import { containerResources, cpuQuota, cpuShares, oomScore } from './container-resources.ts'
import { podGarbage } from './garbage.ts'
import { gracePeriodSeconds } from './kill-containers.ts'
import type { ObservedContainer } from './observed-pod.ts'
import { cgroupDirectory, cgroupName, podCgroupLimits, podCgroupPath, podLimit } from './pod-cgroup.ts'
import { hostsFile, kernelHostname, podDns, podHostname } from './pod-network-identity.ts'
import { podQosClass } from './qos.ts'
import { containerSecurityContext, verifyNonRoot } from './security-context.ts'
import { TerminationOrder } from './termination-order.ts'

type Pod = core.v1.Pod

const podWith = (...resources: readonly (core.v1.ResourceRequirements | undefined)[]): Pod => ({
  metadata: { name: 'pod', namespace: 'ns', uid: 'u-1' },
  spec: {
    containers: resources.map((own, index) => ({
      name: `c${index}`,
      ...(own === undefined ? {} : { resources: own }),
    })),
  },
})
const amounts = (cpu: string, memory: string): Record<string, string> => ({ cpu, memory })

test.each([
  [[undefined], 'BestEffort'],
  [[{ limits: amounts('1', '1Gi'), requests: amounts('1', '1Gi') }], 'Guaranteed'],
  [[{ limits: amounts('1', '1Gi') }], 'Guaranteed'],
  [[{ limits: amounts('1', '1Gi'), requests: amounts('500m', '1Gi') }], 'Burstable'],
  [[{ limits: amounts('1', '1Gi') }, undefined], 'Burstable'],
  [[{ requests: { cpu: '0' } }], 'BestEffort'],
])('podQosClass() (%#) is %s', (resources, qos) => {
  expect(podQosClass(podWith(...resources))).toBe(qos)
})

test('cpuShares() and cpuQuota() follow the kernel', () => {
  expect([0, 1, 250, 1000, 300_000].map(cpuShares)).toEqual([2, 2, 256, 1024, 262_144])
  expect([0, 1, 250, 2000].map((milli) => cpuQuota(milli))).toEqual([0, 1000, 25_000, 200_000])
})

test('containerResources() takes the request for shares and the limit for quota and memory', () => {
  const pod = podWith({ limits: amounts('2', '128Mi'), requests: amounts('500m', '64Mi') })
  expect(containerResources(pod, pod.spec?.containers[0] ?? { name: '' }, machine)).toMatchObject({
    cpuShares: 512,
    cpuQuota: 200_000,
    cpuPeriod: 100_000,
    memoryLimitInBytes: 134_217_728,
  })
})

test('oomScore() spares those that asked for their memory', () => {
  const score = (pod: Pod): number =>
    oomScore(pod, pod.spec?.containers[0] ?? { name: '' }, machine.memoryBytes)
  expect(score(podWith(undefined))).toBe(1000)
  expect(score(podWith({ limits: amounts('1', '1Gi') }))).toBe(-997)
  expect(score(podWith({ requests: { memory: '4Gi' } }))).toBe(500)
  expect(score(podWith({ requests: { memory: '8Gi' } }))).toBe(3)
  expect(score(podWith({ requests: { memory: '1' } }))).toBe(999)
})

test('podCgroupPath() and cgroupName() nest by class of service', () => {
  expect(cgroupName(podCgroupPath('a-b', 'Guaranteed'), 'cgroupfs')).toBe('/kubepods/poda-b')
  expect(cgroupName(podCgroupPath('a-b', 'Burstable'), 'systemd')).toBe('kubepods-burstable-poda_b.slice')
  expect(cgroupDirectory(podCgroupPath('a-b', 'BestEffort'), 'systemd')).toBe(
    'kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-poda_b.slice',
  )
})

test('podCgroupLimits() limits what every container limits', () => {
  const both = podWith({ limits: amounts('1', '1Gi') }, { limits: amounts('500m', '1Gi') })
  expect(podCgroupLimits(both, machine)).toMatchObject({
    cpuQuotaUs: 150_000,
    cpuPeriodUs: 100_000,
    memoryBytes: 2 * 1024 ** 3,
  })
  expect(podLimit(podWith({ limits: amounts('1', '1Gi') }, undefined), 'memory')).toBe(0)
  expect(podCgroupLimits(podWith(undefined), machine)).toEqual({ cpuShares: 2 })
})

describe('BackOff', () => {
  test('doubles from ten seconds to five minutes, and forgets after ten', () => {
    const backOff = new BackOff()
    const delays: number[] = []
    let nowMs = 0
    for (let crash = 0; crash < 8; crash++) {
      nowMs += backOff.remainingMs('a', nowMs, nowMs)
      backOff.step('a', nowMs, nowMs)
      delays.push(backOff.delayMs('a') / 1000)
    }
    expect(delays).toEqual([10, 20, 40, 80, 160, 300, 300, 300])
    nowMs += 600_001
    expect(backOff.remainingMs('a', nowMs, nowMs)).toBe(0)
    backOff.step('a', nowMs, nowMs)
    expect(backOff.delayMs('a')).toBe(10_000)
  })
})

describe('pod network identity', () => {
  const pod: Pod = {
    metadata: { name: 'web-0', namespace: 'shop' },
    spec: { containers: [], hostname: 'web-0', subdomain: 'web' },
  }
  const dns = {
    servers: ['10.96.0.10'],
    domain: 'cluster.local',
    host: { servers: ['1.1.1.1'], searches: ['corp.example'], options: ['rotate'] },
  }

  test('podHostname() and kernelHostname() use hostname and subdomain', () => {
    expect(podHostname(pod, 'cluster.local')).toEqual({
      hostname: 'web-0',
      domain: 'web.shop.svc.cluster.local',
    })
    expect(kernelHostname({ ...pod, spec: { containers: [], hostNetwork: true } }, 'cluster.local')).toBe('')
    const long: Pod = { metadata: { name: `${'a'.repeat(62)}-b` }, spec: { containers: [] } }
    expect(kernelHostname(long, 'cluster.local')).toBe('a'.repeat(62))
  })

  test('podDns() follows the policy', () => {
    expect(podDns(pod, dns).config).toEqual({
      servers: ['10.96.0.10'],
      searches: ['shop.svc.cluster.local', 'svc.cluster.local', 'cluster.local', 'corp.example'],
      options: ['ndots:5'],
    })
    const policy = (dnsPolicy: string, more: Partial<core.v1.PodSpec> = {}) =>
      podDns({ ...pod, spec: { containers: [], dnsPolicy, ...more } }, dns).config
    expect(policy('Default')).toEqual(dns.host)
    expect(policy('ClusterFirst', { hostNetwork: true })).toEqual(dns.host)
    expect(policy('ClusterFirstWithHostNet', { hostNetwork: true }).servers).toEqual(['10.96.0.10'])
    const dnsConfig = {
      nameservers: ['9.9.9.9'],
      options: [{ name: 'ndots', value: '2' }, { name: 'edns0' }],
    }
    expect(policy('None', { dnsConfig })).toEqual({
      servers: ['9.9.9.9'],
      searches: [],
      options: ['ndots:2', 'edns0'],
    })
  })

  test('hostsFile() names the pod and its aliases', () => {
    const aliased: Pod = {
      ...pod,
      spec: { containers: [], hostAliases: [{ ip: '1.2.3.4', hostnames: ['a', 'b'] }] },
    }
    const text = hostsFile(aliased, { hostname: 'web-0', domain: 'web.shop.svc' }, ['10.0.0.5'], '')
    expect(text.split('\n').slice(-6)).toEqual([
      'fe00::2\tip6-allrouters',
      '10.0.0.5\tweb-0.web.shop.svc\tweb-0',
      '',
      '# Entries added by HostAliases.',
      '1.2.3.4\ta\tb',
      '',
    ])
  })
})

describe('security context', () => {
  const pod: Pod = {
    metadata: { name: 'p', namespace: 'ns', uid: 'u' },
    spec: {
      containers: [],
      securityContext: { runAsUser: 1000, runAsNonRoot: true, fsGroup: 2000, supplementalGroups: [3000] },
    },
  }
  const root = { uid: 0, username: '' }
  const settings = { seccompRoot: '/seccomp', seccompDefault: false }

  test('containerSecurityContext() lets the container override the pod', () => {
    const container: core.v1.Container = {
      name: 'c',
      securityContext: {
        runAsUser: 5,
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { add: ['NET_ADMIN'], drop: ['ALL'] },
        seccompProfile: { type: 'RuntimeDefault' },
      },
    }
    expect(containerSecurityContext(pod, container, root, settings)).toMatchObject({
      runAsUser: { value: 5 },
      noNewPrivs: true,
      readonlyRootfs: true,
      capabilities: { addCapabilities: ['NET_ADMIN'], dropCapabilities: ['ALL'] },
      seccomp: { profileType: 'RuntimeDefault' },
      supplementalGroups: [2000, 3000],
    })
    const plain = containerSecurityContext({ spec: { containers: [] } }, { name: 'c' }, root, settings)
    expect(plain.seccomp).toEqual({ profileType: 'Unconfined' })
    expect(plain.maskedPaths).toContain('/proc/kcore')
  })

  test.each([
    [{ securityContext: { runAsUser: 0 } }, root, "container's runAsUser breaks non-root policy"],
    [{ securityContext: { runAsUser: 7 } }, root, ''],
  ])('verifyNonRoot() looks at the container (%#)', (own, image, message) => {
    const check = (): void => verifyNonRoot(pod, { name: 'c', ...own }, image)
    if (message === '') expect(check).not.toThrow()
    else expect(check).toThrow(message)
  })

  test.each([
    [root, 'container has runAsNonRoot and image will run as root (pod: "p_ns(u)", container: c)'],
    [{ username: 'app' }, 'image has non-numeric user (app), cannot verify user is non-root'],
  ])('verifyNonRoot() looks at the image (%#)', (image, message) => {
    const free: Pod = { ...pod, spec: { containers: [], securityContext: { runAsNonRoot: true } } }
    expect(() => verifyNonRoot(free, { name: 'c' }, image)).toThrow(message)
  })
})

test('gracePeriodSeconds() goes by deletion, then probe, then pod', () => {
  const pod: Pod = { spec: { containers: [], terminationGracePeriodSeconds: 30 } }
  const container: core.v1.Container = { name: 'c', livenessProbe: { terminationGracePeriodSeconds: 5 } }
  expect(gracePeriodSeconds(pod, container, '')).toBe(30)
  expect(gracePeriodSeconds(pod, container, 'LivenessProbe')).toBe(5)
  expect(gracePeriodSeconds({ ...pod, metadata: { deletionGracePeriodSeconds: 1 } }, container, '')).toBe(1)
})

test('TerminationOrder ends sidecars after the others, the last first', async () => {
  const pod: Pod = {
    spec: {
      initContainers: [
        { name: 'first', restartPolicy: 'Always' },
        { name: 'second', restartPolicy: 'Always' },
      ],
      containers: [{ name: 'web' }],
    },
  }
  const order = new TerminationOrder(pod, [{ name: 'web' }, { name: 'first' }, { name: 'second' }])
  const ended: string[] = []
  const stop = async (name: string): Promise<void> => {
    await order.turn(name)
    ended.push(name)
    order.ended(name)
  }
  await Promise.all([stop('first'), stop('second'), stop('web')])
  expect(ended).toEqual(['web', 'second', 'first'])
})

test('podGarbage() keeps one dead container of each name and what holds it', () => {
  const container = (id: string, state: ObservedContainer['state'], sandboxId: string): ObservedContainer =>
    observedContainer({ id, name: 'web', sandboxId, state })
  const sandbox = (id: string, ready: boolean) => ({
    id,
    metadata: { name: '', uid: '', namespace: '', attempt: 0 },
    state: ready ? ('SANDBOX_READY' as const) : ('SANDBOX_NOTREADY' as const),
    createdAt: 0,
    labels: {},
    annotations: {},
  })
  const garbage = podGarbage({
    sandboxes: [sandbox('s3', true), sandbox('s2', false), sandbox('s1', false)],
    containers: [
      container('c4', 'running', 's3'),
      container('c3', 'exited', 's2'),
      container('c2', 'exited', 's1'),
    ],
    podIps: [],
  })
  expect(garbage.containers.map(({ id }) => id)).toEqual(['c2'])
  expect(garbage.sandboxIds).toEqual(['s1'])
})
