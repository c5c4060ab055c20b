import { beforeEach, describe, expect, it } from 'vitest'
import { Pod } from '../../api/core/pod/kind.ts'
import { defaultFeatures, featureGates } from '../../api/feature-gates.ts'
import type { core } from '../../api/generated/types/index.ts'
import { PodGroup } from '../../api/scheduling/pod-group/kind.ts'
import type { KubernetesObject } from '../../apimachinery/meta.ts'
import { realHost } from '../../base/host/real-host.ts'
import type { AdmissionPlugin } from '../admission.ts'
import { admit as admitKind, type Write } from '../testing/admit.ts'
import { FakeReader } from '../testing/fake-reader.ts'
import {
  defaultTolerationSeconds,
  tolerationSecondsPlugin,
} from './default-toleration-seconds/default-toleration-seconds.ts'
import { limitRanger } from './limit-ranger/limit-ranger.ts'
import { priorityPlugin } from './priority/priority.ts'
import { runtimeClassPlugin } from './runtime-class/runtime-class.ts'
import { ServiceAccountPlugin } from './service-account/service-account.ts'

type PodSpec = core.v1.PodSpec

const admit = (
  plugin: AdmissionPlugin,
  object: KubernetesObject,
  write: Write = {},
): Promise<KubernetesObject> => admitKind(plugin, Pod, object, write)

const pod = (spec: Partial<PodSpec>, metadata: object = {}): core.v1.Pod => ({
  metadata: { namespace: 'ns', name: 'p', ...metadata },
  spec: { containers: [{ name: 'c', image: 'i' }], ...spec },
})

const admitPod = async (plugin: AdmissionPlugin, object: core.v1.Pod, write: Write = {}): Promise<PodSpec> =>
  ((await admit(plugin, object, write)) as core.v1.Pod).spec ?? { containers: [] }

let reader: FakeReader
beforeEach(() => {
  reader = new FakeReader()
})

describe('ServiceAccount', () => {
  const plugin = (): AdmissionPlugin => new ServiceAccountPlugin(realHost, reader)
  const account = (name: string, fields: object = {}, annotations: object = {}): void =>
    reader.put('serviceaccounts', {
      metadata: { namespace: 'ns', name, annotations: { ...annotations } },
      ...fields,
    })

  it('gives the default account, its token and its pull secrets', async () => {
    account('default', { imagePullSecrets: [{ name: 'pull' }] })
    const spec = await admitPod(plugin(), pod({ initContainers: [{ name: 'i' }] }))
    const name = spec.volumes?.[0]?.name ?? ''
    expect(name).toMatch(/^kube-api-access-[a-z0-9]{5}$/)
    const mount = { name, readOnly: true, mountPath: '/var/run/secrets/kubernetes.io/serviceaccount' }
    expect(spec).toMatchObject({
      serviceAccountName: 'default',
      serviceAccount: 'default',
      imagePullSecrets: [{ name: 'pull' }],
      containers: [{ volumeMounts: [mount] }],
      initContainers: [{ volumeMounts: [mount] }],
      volumes: [
        {
          projected: {
            defaultMode: 420,
            sources: [{ serviceAccountToken: { expirationSeconds: 3607, path: 'token' } }, {}, {}],
          },
        },
      ],
    })
  })

  it('mounts no token where pod or account want none, or something else is there', async () => {
    account('default', { automountServiceAccountToken: false })
    account('web')
    expect((await admitPod(plugin(), pod({}))).volumes).toBe(undefined)
    expect(
      (await admitPod(plugin(), pod({ serviceAccountName: 'web', automountServiceAccountToken: false })))
        .volumes,
    ).toBe(undefined)
    const own = { name: 'own', mountPath: '/var/run/secrets/kubernetes.io/serviceaccount' }
    const spec = await admitPod(
      plugin(),
      pod({ serviceAccountName: 'web', containers: [{ name: 'c', volumeMounts: [own] }] }),
    )
    expect(spec.volumes).toBe(undefined)
  })

  it('waits for the default account, and for no other', async () => {
    const waiting = admitPod(plugin(), pod({}))
    account('default')
    expect((await waiting).serviceAccountName).toBe('default')
    await expect(admit(plugin(), pod({ serviceAccountName: 'gone' }))).rejects.toThrow(
      'pods "p" is forbidden: error looking up service account ns/gone: serviceaccount "gone" not found',
    )
  })

  it('refuses secrets that a strict account does not list', async () => {
    account('strict', { secrets: [{ name: 'known' }] }, { 'kubernetes.io/enforce-mountable-secrets': 'true' })
    const volumes = [{ name: 'v', secret: { secretName: 'other' } }]
    await expect(admit(plugin(), pod({ serviceAccountName: 'strict', volumes }))).rejects.toThrow(
      'volume with secret.secretName="other" is not allowed because service account strict does not reference that secret',
    )
  })

  it('keeps mirror pods free of it', async () => {
    const mirror = { annotations: { 'kubernetes.io/config.mirror': 'x' } }
    expect((await admitPod(plugin(), pod({}, mirror))).serviceAccountName).toBe(undefined)
    await expect(admit(plugin(), pod({ serviceAccountName: 'web' }, mirror))).rejects.toThrow(
      'a mirror pod may not reference service accounts',
    )
  })
})

describe('LimitRanger', () => {
  const range = (...limits: readonly object[]): void =>
    reader.put('limitranges', { metadata: { namespace: 'ns', name: 'l' }, ...{ spec: { limits } } })
  const resources = (requests: object, limits: object): Partial<PodSpec> => ({
    containers: [{ name: 'c', resources: { requests: { ...requests }, limits: { ...limits } } }],
  })

  it('fills in defaults and says so', async () => {
    range({ type: 'Container', default: { cpu: '1', memory: '1Gi' }, defaultRequest: { cpu: '100m' } })
    const admitted = await admit(limitRanger(reader), pod(resources({}, { memory: '2Gi' })))
    expect(admitted).toMatchObject({
      metadata: {
        annotations: {
          'kubernetes.io/limit-ranger':
            'LimitRanger plugin set: cpu request for container c; cpu limit for container c',
        },
      },
      spec: {
        containers: [{ resources: { requests: { cpu: '100m' }, limits: { cpu: '1', memory: '2Gi' } } }],
      },
    })
  })

  it.each([
    [
      'min',
      { type: 'Container', min: { cpu: '200m' } },
      resources({ cpu: '100m' }, {}),
      'minimum cpu usage per Container is 200m, but request is 100m',
    ],
    [
      'min without request',
      { type: 'Container', min: { cpu: '200m' } },
      resources({}, {}),
      'minimum cpu usage per Container is 200m.  No request is specified',
    ],
    [
      'max',
      { type: 'Container', max: { memory: '1Gi' } },
      resources({}, { memory: '2Gi' }),
      'maximum memory usage per Container is 1Gi, but limit is 2Gi',
    ],
    [
      'max without limit',
      { type: 'Container', max: { memory: '1Gi' } },
      resources({ memory: '1Mi' }, {}),
      'maximum memory usage per Container is 1Gi.  No limit is specified',
    ],
    [
      'ratio',
      { type: 'Container', maxLimitRequestRatio: { cpu: '2' } },
      resources({ cpu: '100m' }, { cpu: '300m' }),
      'cpu max limit to request ratio per Container is 2, but provided ratio is 3.000000',
    ],
    [
      'pods',
      { type: 'Pod', max: { cpu: '1' } },
      {
        containers: [
          { name: 'a', resources: { limits: { cpu: '600m' } } },
          { name: 'b', resources: { limits: { cpu: '600m' } } },
        ],
      },
      'maximum cpu usage per Pod is 1, but limit is 1200m',
    ],
  ])('refuses what is outside: %s', async (_, limit, spec, message) => {
    range(limit)
    await expect(admit(limitRanger(reader), pod(spec))).rejects.toThrow(`pods "p" is forbidden: ${message}`)
  })

  it('takes the hungriest moment of the start for the pod', async () => {
    range({ type: 'Pod', max: { cpu: '1' } })
    const limits = (cpu: string) => ({ resources: { limits: { cpu } } })
    const spec = (init: string): Partial<PodSpec> => ({
      initContainers: [
        { name: 's', restartPolicy: 'Always', ...limits('300m') },
        { name: 'i', ...limits(init) },
      ],
      containers: [{ name: 'c', ...limits('400m') }],
    })
    await admit(limitRanger(reader), pod(spec('700m')))
    await expect(admit(limitRanger(reader), pod(spec('800m')))).rejects.toThrow('but limit is 1100m')
  })
})

describe('Priority', () => {
  const put = (name: string, value: number, rest: object = {}): void =>
    reader.put('priorityclasses.scheduling.k8s.io', {
      metadata: { name },
      ...{ value, preemptionPolicy: 'PreemptLowerPriority', ...rest },
    })

  it('resolves the class, the default, or neither', async () => {
    expect(await admitPod(priorityPlugin(reader, defaultFeatures), pod({}))).toMatchObject({
      priority: 0,
      preemptionPolicy: 'PreemptLowerPriority',
    })
    put('high', 1000, { preemptionPolicy: 'Never' })
    expect(
      await admitPod(priorityPlugin(reader, defaultFeatures), pod({ priorityClassName: 'high' })),
    ).toMatchObject({
      priority: 1000,
      preemptionPolicy: 'Never',
    })
    put('normal', 10, { globalDefault: true })
    expect(await admitPod(priorityPlugin(reader, defaultFeatures), pod({}))).toMatchObject({
      priorityClassName: 'normal',
      priority: 10,
    })
  })

  it('refuses a missing class and another number', async () => {
    await expect(
      admit(priorityPlugin(reader, defaultFeatures), pod({ priorityClassName: 'gone' })),
    ).rejects.toThrow('no PriorityClass with name gone was found')
    await expect(admit(priorityPlugin(reader, defaultFeatures), pod({ priority: 5 }))).rejects.toThrow(
      'the integer value of priority (5) must not be provided in pod spec; priority admission controller computed 0 from the given PriorityClass name',
    )
  })

  it('resolves the class of a group behind its gate', async () => {
    const gates = ['GenericWorkload', 'GangScheduling', 'WorkloadAwarePreemption']
    const features = featureGates(new Map(gates.map((gate) => [gate, true])))
    const group = (spec: object) => ({ metadata: { name: 'a', namespace: 'default' }, spec })
    const admitted = (spec: object) => admitKind(priorityPlugin(reader, features), PodGroup, group(spec))
    put('high', 1000)
    expect(await admitted({ priorityClassName: 'high' })).toMatchObject({ spec: { priority: 1000 } })
    expect(await admitted({})).toMatchObject({ spec: { priority: 0 } })
    await expect(admitted({ priority: 5 })).rejects.toThrow(
      'priority set in the pod group (5) must match the priority computed (0) based on the priority class set in the spec',
    )
    await expect(admitted({ priorityClassName: 'gone' })).rejects.toThrow('no PriorityClass with name gone')
    expect(priorityPlugin(reader, defaultFeatures).handles('CREATE', PodGroup, '')).toBe(false)
  })

  it('keeps it in updates that leave it out', async () => {
    const old = pod({ priority: 7, preemptionPolicy: 'Never' })
    expect(
      await admitPod(priorityPlugin(reader, defaultFeatures), pod({}), { operation: 'UPDATE', old }),
    ).toMatchObject({
      priority: 7,
      preemptionPolicy: 'Never',
    })
  })
})

describe('DefaultTolerationSeconds', () => {
  it('adds what is missing', async () => {
    const plugin = tolerationSecondsPlugin(defaultTolerationSeconds)
    const added = (key: string) => ({
      key: `node.kubernetes.io/${key}`,
      operator: 'Exists',
      effect: 'NoExecute',
      tolerationSeconds: 300,
    })
    expect((await admitPod(plugin, pod({}))).tolerations).toEqual([added('not-ready'), added('unreachable')])
    const own = { key: 'node.kubernetes.io/not-ready', operator: 'Exists', tolerationSeconds: 1 }
    expect((await admitPod(plugin, pod({ tolerations: [own] }))).tolerations).toEqual([
      own,
      added('unreachable'),
    ])
    const all = { operator: 'Exists' }
    expect((await admitPod(plugin, pod({ tolerations: [all] }))).tolerations).toEqual([all])
  })
})

describe('RuntimeClass', () => {
  it('gives overhead and place, and refuses what contradicts', async () => {
    reader.put('runtimeclasses.node.k8s.io', {
      metadata: { name: 'vm' },
      ...{
        handler: 'vm',
        overhead: { podFixed: { memory: '64Mi' } },
        scheduling: { nodeSelector: { vm: 'yes' }, tolerations: [{ key: 'vm', operator: 'Exists' }] },
      },
    })
    const plugin = runtimeClassPlugin(reader)
    expect(await admitPod(plugin, pod({ runtimeClassName: 'vm', nodeSelector: { a: 'b' } }))).toMatchObject({
      overhead: { memory: '64Mi' },
      nodeSelector: { a: 'b', vm: 'yes' },
      tolerations: [{ key: 'vm' }],
    })
    await expect(admit(plugin, pod({ runtimeClassName: 'vm', nodeSelector: { vm: 'no' } }))).rejects.toThrow(
      'conflict: runtimeClass.scheduling.nodeSelector[vm] = yes; pod.spec.nodeSelector[vm] = no',
    )
    await expect(admit(plugin, pod({ runtimeClassName: 'gone' }))).rejects.toThrow(
      'pod rejected: RuntimeClass "gone" not found',
    )
    await expect(admit(plugin, pod({ overhead: { cpu: '1' } }))).rejects.toThrow(
      'pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead',
    )
  })
})
