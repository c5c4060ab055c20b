import { describe, expect, test } from 'vitest'
import { defaultFeatures } from '../../feature-gates.ts'
import type { core } from '../../generated/types/index.ts'
import { Pod } from './kind.ts'
import { printableStatus } from './printable-status.ts'
import { qosClass } from './qos-class.ts'

type PodSpec = core.v1.PodSpec
type Container = core.v1.Container

const context = { nowMs: 0, features: defaultFeatures, subresource: '' }
const metadata = { name: 'web', namespace: 'default', uid: 'u', resourceVersion: '1' }
const container: Container = { name: 'app', image: 'nginx:1.27' }

const podOf = (spec: Partial<PodSpec>): core.v1.Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata,
  spec: { containers: [container], ...spec },
})
const created = (spec: Partial<PodSpec>): core.v1.Pod =>
  Pod.prepareForCreate(Pod.defaults(podOf(spec)), context)
const complaints = (spec: Partial<PodSpec>): string[] =>
  Pod.validate(created(spec), undefined, context).map((error) => `${error.field}: ${error.message}`)
const withContainer = (more: Partial<Container>): Partial<PodSpec> => ({
  containers: [{ ...container, ...more }],
})

describe('Pod.defaults()', () => {
  test('fills what upstream fills', () => {
    expect(Pod.defaults(podOf({}))).toEqual({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata,
      spec: {
        containers: [
          {
            name: 'app',
            image: 'nginx:1.27',
            imagePullPolicy: 'IfNotPresent',
            resources: {},
            terminationMessagePath: '/dev/termination-log',
            terminationMessagePolicy: 'File',
          },
        ],
        dnsPolicy: 'ClusterFirst',
        enableServiceLinks: true,
        restartPolicy: 'Always',
        schedulerName: 'default-scheduler',
        securityContext: {},
        terminationGracePeriodSeconds: 30,
      },
    })
  })
  test('returns a complete pod as it is', () => {
    const pod = Pod.defaults(podOf({ volumes: [{ name: 'a', configMap: { name: 'c' } }] }))
    expect(Pod.defaults(pod)).toBe(pod)
  })
  test.each([
    ['nginx', 'Always'],
    ['nginx:latest', 'Always'],
    ['localhost:5000/nginx', 'Always'],
    ['localhost:5000/nginx:1', 'IfNotPresent'],
    ['nginx@sha256:abc', 'IfNotPresent'],
  ])('pulls %s %s', (image, policy) => {
    const pod = Pod.defaults(podOf(withContainer({ image })))
    expect(pod.spec?.containers[0]?.imagePullPolicy).toBe(policy)
  })
  test('requests what is limited, and rounds to thousandths', () => {
    const limits = { cpu: '1500u', memory: '1Gi' }
    const pod = Pod.defaults(podOf(withContainer({ resources: { limits, requests: { cpu: '1m' } } })))
    expect(pod.spec?.containers[0]?.resources).toEqual({
      limits: { cpu: '2m', memory: '1Gi' },
      requests: { cpu: '1m', memory: '1Gi' },
    })
  })
  test('takes host ports from container ports on the host network', () => {
    const pod = Pod.defaults(
      podOf({ hostNetwork: true, ...withContainer({ ports: [{ containerPort: 80 }] }) }),
    )
    expect(pod.spec?.containers[0]?.ports).toEqual([{ containerPort: 80, hostPort: 80, protocol: 'TCP' }])
  })
  test('completes probes, variables and volumes', () => {
    const pod = Pod.defaults(
      podOf({
        ...withContainer({
          livenessProbe: { httpGet: { port: 80 } },
          env: [{ name: 'IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } }],
        }),
        volumes: [
          { name: 'a' },
          { name: 'b', secret: { secretName: 's' } },
          { name: 'c', projected: { sources: [{ serviceAccountToken: { path: 't' } }] } },
        ],
      }),
    )
    expect(pod.spec?.containers[0]?.livenessProbe).toEqual({
      httpGet: { path: '/', port: 80, scheme: 'HTTP' },
      failureThreshold: 3,
      periodSeconds: 10,
      successThreshold: 1,
      timeoutSeconds: 1,
    })
    expect(pod.spec?.containers[0]?.env?.[0]?.valueFrom?.fieldRef?.apiVersion).toBe('v1')
    expect(pod.spec?.volumes).toEqual([
      { name: 'a', emptyDir: {} },
      { name: 'b', secret: { secretName: 's', defaultMode: 420 } },
      {
        name: 'c',
        projected: {
          defaultMode: 420,
          sources: [{ serviceAccountToken: { path: 't', expirationSeconds: 3600 } }],
        },
      },
    ])
  })
})

describe('Pod.validate()', () => {
  test.each<[string, Partial<PodSpec>, string[]]>([
    ['a good pod', {}, []],
    ['no containers', { containers: [] }, ['spec.containers: Required value']],
    ['no image', withContainer({ image: '' }), ['spec.containers[0].image: Required value']],
    [
      'two containers of one name',
      { containers: [container, container] },
      ['spec.containers[1].name: Duplicate value: "app"'],
    ],
    [
      'a mount of nothing',
      withContainer({ volumeMounts: [{ name: 'data', mountPath: '/data' }] }),
      ['spec.containers[0].volumeMounts[0].name: Not found: "data"'],
    ],
    [
      'an unknown restart policy',
      { restartPolicy: 'Sometimes' },
      [
        'spec.restartPolicy: Unsupported value: "Sometimes": supported values: "Always", "OnFailure", "Never"',
      ],
    ],
    [
      'a request above its limit',
      withContainer({ resources: { limits: { cpu: '1' }, requests: { cpu: '2' } } }),
      [
        'spec.containers[0].resources.requests: Invalid value: "2": must be less than or equal to cpu limit of 1',
      ],
    ],
    [
      'an unknown resource',
      withContainer({ resources: { requests: { gpu: '1' } } }),
      [
        'spec.containers[0].resources.requests[gpu]: Invalid value: "gpu": must be a standard resource type or fully qualified',
        'spec.containers[0].resources.requests[gpu]: Invalid value: "gpu": must be a standard resource for containers',
      ],
    ],
    [
      'a port out of range',
      withContainer({ ports: [{ containerPort: 70000 }] }),
      [
        'spec.containers[0].ports[0].containerPort: Invalid value: 70000: must be between 1 and 65535, inclusive',
      ],
    ],
    [
      'a host port twice',
      withContainer({
        ports: [
          { containerPort: 1, hostPort: 8 },
          { containerPort: 2, hostPort: 8 },
        ],
      }),
      ['spec.containers[0].ports[1].hostPort: Duplicate value: "TCP//8"'],
    ],
    [
      'a variable from nowhere',
      withContainer({ env: [{ name: 'A', valueFrom: {} }] }),
      [
        'spec.containers[0].env[0].valueFrom: Invalid value: "": must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`',
      ],
    ],
    [
      'a field that pods lack',
      withContainer({ env: [{ name: 'A', valueFrom: { fieldRef: { fieldPath: 'status.phase' } } }] }),
      [
        'spec.containers[0].env[0].valueFrom.fieldRef.fieldPath: Unsupported value: "status.phase": supported values: "metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName", "status.hostIP", "status.hostIPs", "status.podIP", "status.podIPs"',
      ],
    ],
    [
      'a probe of nothing',
      withContainer({ readinessProbe: {} }),
      ['spec.containers[0].readinessProbe: Required value: must specify a handler type'],
    ],
    [
      'a probe in an init container',
      { initContainers: [{ name: 'init', image: 'a:1', livenessProbe: { tcpSocket: { port: 1 } } }] },
      [
        'spec.initContainers[0].livenessProbe: Forbidden: may not be set for init containers without restartPolicy=Always',
      ],
    ],
    [
      'two sources of a volume',
      { volumes: [{ name: 'a', emptyDir: {}, hostPath: { path: '/' } }] },
      ['spec.volumes[0].hostPath: Forbidden: may not specify more than 1 volume type'],
    ],
    [
      'a bad toleration',
      { tolerations: [{ operator: 'Equal' }] },
      [
        'spec.tolerations[0].operator: Invalid value: "Equal": operator must be Exists when `key` is empty, which means "match all values and all keys"',
      ],
    ],
    [
      'a bad node affinity',
      {
        affinity: {
          nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [] } },
        },
      },
      [
        'spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms: Required value: must have at least one node selector term',
      ],
    ],
    [
      'a token without an account',
      { volumes: [{ name: 't', projected: { sources: [{ serviceAccountToken: { path: 't' } }] } }] },
      [
        'spec.volumes[0].projected.sources[0].serviceAccountToken: Forbidden: must not be specified when serviceAccountName is not set',
      ],
    ],
    [
      'contradicting privileges',
      withContainer({ securityContext: { privileged: true, allowPrivilegeEscalation: false } }),
      [
        'spec.containers[0].securityContext: Invalid value: {"privileged":true,"allowPrivilegeEscalation":false}: cannot set `allowPrivilegeEscalation` to false and `privileged` to true',
      ],
    ],
    [
      'ephemeral containers on create',
      { ephemeralContainers: [{ name: 'debug', image: 'busybox:1' }] },
      ['spec.ephemeralContainers: Forbidden: cannot be set on create'],
    ],
  ])('%s', (_name, spec, expected) => {
    expect(complaints(spec)).toEqual(expected)
  })
})

describe('updates', () => {
  const old = created({ tolerations: [{ key: 'a', operator: 'Exists' }] })
  const update = (spec: Partial<PodSpec>): string[] =>
    Pod.validate({ ...old, spec: { ...(old.spec ?? { containers: [] }), ...spec } }, old, context).map(
      (error) => `${error.field}: ${error.message.split('\n')[0]}`,
    )
  test('may change images and add tolerations', () => {
    const [first] = old.spec?.containers ?? []
    expect(update({ containers: [{ ...(first ?? container), image: 'nginx:2' }] })).toEqual([])
    expect(
      update({
        tolerations: [
          { key: 'a', operator: 'Exists', effect: 'NoExecute' },
          { key: 'a', operator: 'Exists' },
        ],
      }),
    ).toEqual([])
  })
  test('may not change the rest', () => {
    expect(update({ dnsPolicy: 'Default' })).toEqual([
      'spec: Forbidden: pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)',
    ])
    expect(update({ containers: [] })).toContain(
      'spec.containers: Forbidden: pod updates may not add or remove containers',
    )
    expect(update({ tolerations: [] })).toContain(
      'spec.tolerations: Forbidden: existing toleration can not be modified except its tolerationSeconds',
    )
  })
  test('of status keep the specification, and ended containers ended', () => {
    const status = { subresource: 'status', features: defaultFeatures, nowMs: 0 }
    const never = created({ restartPolicy: 'Never' })
    const ended = {
      ...never,
      status: {
        ...never.status,
        containerStatuses: [
          {
            name: 'app',
            image: '',
            imageID: '',
            ready: false,
            restartCount: 0,
            state: { terminated: { exitCode: 0 } },
          },
        ],
      },
    }
    const revived = Pod.prepareForUpdate(
      { ...ended, spec: { containers: [] }, status: { podIP: '10.0.0.1' } },
      ended,
      status,
    )
    expect(revived.spec).toBe(ended.spec)
    expect(revived.status).toEqual({
      podIP: '10.0.0.1',
      podIPs: [{ ip: '10.0.0.1' }],
      qosClass: 'BestEffort',
    })
    const [before] = ended.status.containerStatuses
    const again = {
      ...ended,
      status: { ...ended.status, containerStatuses: before ? [{ ...before, state: { running: {} } }] : [] },
    }
    expect(Pod.validate(again, ended, status).map((error) => `${error.field}: ${error.message}`)).toEqual([
      'status.containerStatuses[0].state: Forbidden: may not be transitioned to non-terminated state',
    ])
  })
})

test.each<[string, core.v1.ResourceRequirements[], string]>([
  ['nothing', [{}], 'BestEffort'],
  [
    'equal limits',
    [{ limits: { cpu: '1', memory: '1Gi' }, requests: { cpu: '1000m', memory: '1024Mi' } }],
    'Guaranteed',
  ],
  ['a limit only for one', [{ limits: { cpu: '1' }, requests: { cpu: '1' } }], 'Burstable'],
  [
    'one of two',
    [{ limits: { cpu: '1', memory: '1' }, requests: { cpu: '1', memory: '1' } }, {}],
    'Burstable',
  ],
  ['limits alone, which are requests, too', [{ limits: { cpu: '1', memory: '1Gi' } }], 'Guaranteed'],
  [
    'less than its limit',
    [{ limits: { cpu: '1', memory: '1Gi' }, requests: { cpu: '500m', memory: '1Gi' } }],
    'Burstable',
  ],
  ['one with limits alone of two', [{ limits: { cpu: '1', memory: '1Gi' } }, {}], 'Burstable'],
  ['a request of nothing', [{ requests: { cpu: '0' } }], 'BestEffort'],
])('qosClass() of %s', (_name, resources, expected) => {
  const containers = resources.map((entry, index) => ({ name: `c${index}`, resources: entry }))
  expect(qosClass(Pod.defaults(podOf({ containers })))).toBe(expected)
})

const status = (
  name: string,
  state: core.v1.ContainerState,
  more: Partial<core.v1.ContainerStatus> = {},
) => ({
  name,
  image: '',
  imageID: '',
  ready: false,
  restartCount: 0,
  state,
  ...more,
})

test.each<[string, core.v1.Pod, string]>([
  ['a pod that waits', { status: { phase: 'Pending' } }, 'Pending'],
  [
    'an init container under way',
    {
      spec: { initContainers: [{ name: 'a' }, { name: 'b' }], containers: [] },
      status: {
        phase: 'Pending',
        initContainerStatuses: [status('a', { terminated: { exitCode: 0 } }), status('b', { running: {} })],
      },
    },
    'Init:1/2',
  ],
  [
    'a crash',
    {
      status: {
        phase: 'Running',
        containerStatuses: [status('a', { waiting: { reason: 'CrashLoopBackOff' } }, { restartCount: 3 })],
      },
    },
    'CrashLoopBackOff',
  ],
  [
    'an end',
    {
      status: {
        phase: 'Succeeded',
        containerStatuses: [status('a', { terminated: { exitCode: 0, reason: 'Completed' } })],
      },
    },
    'Completed',
  ],
  [
    'a deletion',
    { metadata: { deletionTimestamp: '2024-01-01T00:00:00Z' }, status: { phase: 'Running' } },
    'Terminating',
  ],
])('printableStatus() of %s', (_name, pod, expected) => {
  expect(printableStatus(pod).reason).toBe(expected)
})

test('gracefulDeletion() gives grace only to what runs on a node', () => {
  const running = { ...created({ nodeName: 'n' }), status: { phase: 'Running' } }
  expect(Pod.gracefulDeletion?.(running, undefined)).toEqual({ gracePeriodSeconds: 30 })
  expect(Pod.gracefulDeletion?.(running, 5)).toEqual({ gracePeriodSeconds: 5 })
  expect(Pod.gracefulDeletion?.(running, -1)).toEqual({ gracePeriodSeconds: 1 })
  expect(Pod.gracefulDeletion?.(created({}), 5)).toEqual({ gracePeriodSeconds: 0 })
})
