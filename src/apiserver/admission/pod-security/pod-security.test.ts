import { beforeEach, describe, expect, it, test } from 'vitest'
import { Deployment } from '../../../api/apps/deployment/kind.ts'
import { Namespace } from '../../../api/core/namespace/kind.ts'
import { Pod } from '../../../api/core/pod/kind.ts'
import type { core } from '../../../api/generated/types/index.ts'
import type { StringMap } from '../../../apimachinery/meta.ts'
import { realHost } from '../../../base/host/real-host.ts'
import { PrometheusMetrics } from '../../../base/prometheus.ts'
import { admit, type Write } from '../../testing/admit.ts'
import { FakeReader } from '../../testing/fake-reader.ts'
import { PodEvaluator } from './evaluate-pod.ts'
import { defaultPodSecurity, PodSecurity, type PodSecurityExemptions } from './pod-security.ts'
import type { Level } from './policy.ts'

type Spec = Partial<core.v1.PodSpec>
type Container = Partial<core.v1.Container>

const nothing: Spec = {}
const one = (container: Container, spec: Spec = nothing): core.v1.PodSpec => ({
  ...spec,
  containers: [{ name: 'a', image: 'i', ...container }],
})

/** Passes every check of every version. */
const hardened: core.v1.PodSpec = one(
  { securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } } },
  { securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } } },
)

const evaluator = new PodEvaluator()
const judge = (
  level: Level,
  spec: core.v1.PodSpec,
  version = 'latest',
  annotations: StringMap = {},
): string => evaluator.evaluate({ level, version }, spec, { annotations }).details

type Judged = readonly [spec: core.v1.PodSpec, said: string, version?: string, annotations?: StringMap]

const baselineCases: readonly Judged[] = [
  [one({}), ''],
  [
    one({}, { hostNetwork: true, hostPID: true, hostIPC: true }),
    'host namespaces (hostNetwork=true, hostPID=true, hostIPC=true)',
  ],
  [
    one({ securityContext: { privileged: true } }),
    'privileged (container "a" must not set securityContext.privileged=true)',
  ],
  [
    one({ securityContext: { capabilities: { add: ['SYS_ADMIN', 'CHOWN', 'NET_ADMIN'] } } }),
    'non-default capabilities (container "a" must not include "NET_ADMIN", "SYS_ADMIN" in securityContext.capabilities.add)',
  ],
  [
    one(
      {},
      {
        volumes: [
          { name: 'v', hostPath: { path: '/' } },
          { name: 'w', hostPath: { path: '/' } },
        ],
      },
    ),
    'hostPath volumes (volumes "v", "w")',
  ],
  [
    one({
      ports: [
        { containerPort: 1, hostPort: 90 },
        { containerPort: 2, hostPort: 80 },
      ],
    }),
    'hostPort (container "a" uses hostPorts 80, 90)',
  ],
  [
    one({
      livenessProbe: { httpGet: { port: 80, host: 'h' } },
      lifecycle: { preStop: { tcpSocket: { port: 1, host: 'g' } } },
    }),
    'probe or lifecycle host (container "a" uses probe or lifecycle hosts "g", "h")',
  ],
  [one({ livenessProbe: { httpGet: { port: 80, host: 'h' } } }), '', 'v1.33'],
  [
    one({ securityContext: { procMount: 'Unmasked' } }),
    'procMount (container "a" must not set securityContext.procMount to "Unmasked")',
  ],
  [one({ securityContext: { procMount: 'Unmasked' } }, { hostUsers: false }), ''],
  [
    one({ securityContext: { procMount: 'Unmasked' } }, { hostUsers: false }),
    'procMount (container "a" must not set securityContext.procMount to "Unmasked")',
    'v1.34',
  ],
  [
    one(
      { securityContext: { seLinuxOptions: { type: 'x', user: 'u' } } },
      { securityContext: { seLinuxOptions: { role: 'r' } } },
    ),
    'seLinuxOptions (pod and container "a" set forbidden securityContext.seLinuxOptions: type "x"; user may not be set; role may not be set)',
  ],
  [one({ securityContext: { seLinuxOptions: { type: 'container_engine_t' } } }), ''],
  [
    one({ securityContext: { seLinuxOptions: { type: 'container_engine_t' } } }),
    'seLinuxOptions (container "a" set forbidden securityContext.seLinuxOptions: type "container_engine_t")',
    'v1.30',
  ],
  [
    one({ securityContext: { seccompProfile: { type: 'Unconfined' } } }),
    'seccompProfile (container "a" must not set securityContext.seccompProfile.type to "Unconfined")',
  ],
  [
    one({}),
    'seccompProfile (forbidden annotation seccomp.security.alpha.kubernetes.io/pod="unconfined")',
    'v1.18',
    { 'seccomp.security.alpha.kubernetes.io/pod': 'unconfined' },
  ],
  [
    one({ securityContext: { appArmorProfile: { type: 'Unconfined' } } }),
    'forbidden AppArmor profiles (container "a" and annotation must not set AppArmor profile type to "Unconfined", "container.apparmor.security.beta.kubernetes.io/a="unconfined"")',
    'latest',
    { 'container.apparmor.security.beta.kubernetes.io/a': 'unconfined' },
  ],
  [
    one(
      {},
      {
        securityContext: {
          sysctls: [
            { name: 'net.ipv4.tcp_rmem', value: '1' },
            { name: 'x', value: '1' },
          ],
        },
      },
    ),
    'forbidden sysctls (x)',
  ],
  [
    one({}, { securityContext: { sysctls: [{ name: 'net.ipv4.tcp_rmem', value: '1' }] } }),
    'forbidden sysctls (net.ipv4.tcp_rmem)',
    'v1.31',
  ],
  [
    one({}, { securityContext: { windowsOptions: { hostProcess: true } } }),
    'hostProcess (pod must not set securityContext.windowsOptions.hostProcess=true)',
  ],
]

test.each(baselineCases.map((row) => ({ row })))('baseline: $row', ({ row }) => {
  const [spec, said, version = 'latest', annotations = {}] = row
  expect(judge('baseline', spec, version, annotations)).toBe(said)
})

const restrictedCases: readonly Judged[] = [
  [hardened, ''],
  [
    one({}),
    'allowPrivilegeEscalation != false (container "a" must set securityContext.allowPrivilegeEscalation=false), unrestricted capabilities (container "a" must set securityContext.capabilities.drop=["ALL"]), runAsNonRoot != true (pod or container "a" must set securityContext.runAsNonRoot=true), seccompProfile (pod or container "a" must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")',
  ],
  [one({}), 'runAsNonRoot != true (pod or container "a" must set securityContext.runAsNonRoot=true)', 'v1.7'],
  [{ ...hardened, os: { name: 'windows' }, containers: [{ name: 'a' }] }, ''],
  [
    { ...hardened, securityContext: { ...hardened.securityContext, runAsUser: 0, runAsNonRoot: false } },
    'runAsNonRoot != true (pod must not set securityContext.runAsNonRoot=false), runAsUser=0 (pod must not set runAsUser=0)',
  ],
  [
    {
      ...hardened,
      hostUsers: false,
      securityContext: { seccompProfile: { type: 'RuntimeDefault' }, runAsUser: 0 },
    },
    '',
  ],
  [
    {
      ...hardened,
      volumes: [
        { name: 'v', hostPath: { path: '/' } },
        { name: 'n', nfs: { server: 's', path: '/' } },
        { name: 'e', emptyDir: {} },
      ],
    },
    'restricted volume types (volumes "v", "n" use restricted volume types "hostPath", "nfs")',
  ],
  [
    {
      ...hardened,
      containers: [
        {
          name: 'a',
          securityContext: {
            allowPrivilegeEscalation: false,
            capabilities: { drop: ['ALL'], add: ['NET_BIND_SERVICE', 'CHOWN'] },
          },
        },
      ],
    },
    'unrestricted capabilities (container "a" must not include "CHOWN" in securityContext.capabilities.add)',
  ],
]

test.each(restrictedCases.map((row) => ({ row })))('restricted: $row', ({ row }) => {
  const [spec, said, version = 'latest'] = row
  expect(judge('restricted', spec, version)).toBe(said)
})

describe('PodSecurity', () => {
  let reader: FakeReader
  beforeEach(() => {
    reader = new FakeReader()
  })
  const label = (mode: string, level: string): StringMap => ({
    [`pod-security.kubernetes.io/${mode}`]: level,
  })
  const namespace = (name: string, labels: StringMap = {}) => ({ metadata: { name, labels } })
  const pod = (spec: core.v1.PodSpec = one({}), name = 'p') => ({ metadata: { name, namespace: 'n' }, spec })

  function setUp(exemptions: Partial<PodSecurityExemptions> = {}) {
    const metrics = new PrometheusMetrics()
    const configuration = {
      ...defaultPodSecurity,
      exemptions: { ...defaultPodSecurity.exemptions, ...exemptions },
    }
    const plugin = new PodSecurity({ host: realHost, reader, metrics, minor: 36, configuration })
    const warnings: string[] = []
    const notes: Record<string, string> = {}
    const write = (kind: Parameters<typeof admit>[1], object: object, more: Write = {}) =>
      admit(plugin, kind, object, {
        ...more,
        warn: (text) => warnings.push(text),
        annotate: (key, value) => {
          notes[key.replace('pod-security.kubernetes.io/', '')] = value
        },
      })
    return { write, warnings, notes, metrics }
  }

  it('lets everything in where the namespace asks for nothing', async () => {
    reader.put('namespaces', namespace('n'))
    const { write, notes, metrics } = setUp()
    await write(Pod, pod(one({ securityContext: { privileged: true } })))
    expect(notes).toEqual({ 'enforce-policy': 'privileged:latest' })
    expect(metrics.expose()).toContain(
      'pod_security_evaluations_total{decision="allow",policy_level="privileged",policy_version="latest",mode="enforce",request_operation="create",resource="pod",subresource=""} 1',
    )
  })

  it('refuses, notes and warns, each at its own level', async () => {
    reader.put(
      'namespaces',
      namespace('n', { ...label('enforce', 'baseline'), ...label('audit', 'restricted') }),
    )
    const { write, warnings, notes } = setUp()
    await expect(write(Pod, pod(one({}, { hostPID: true })))).rejects.toThrow(
      'pods "p" is forbidden: violates PodSecurity "baseline:latest": host namespaces (hostPID=true)',
    )
    expect(notes['audit-violations']).toMatch(
      /^would violate PodSecurity "restricted:latest": host namespaces/,
    )
    expect(warnings).toEqual([])
    reader.put('namespaces', namespace('n', label('warn', 'baseline')))
    await write(Pod, pod(one({}, { hostPID: true })))
    expect(warnings).toEqual(['would violate PodSecurity "baseline:latest": host namespaces (hostPID=true)'])
  })

  it('warns of what makes pods, and does not refuse it', async () => {
    reader.put('namespaces', namespace('n', label('enforce', 'baseline')))
    const { write, warnings } = setUp()
    await write(Deployment, {
      metadata: { name: 'd', namespace: 'n' },
      spec: { template: { spec: one({}, { hostIPC: true }) } },
    })
    expect(warnings).toEqual(['would violate PodSecurity "baseline:latest": host namespaces (hostIPC=true)'])
  })

  it('looks at updates that change an image only', async () => {
    reader.put('namespaces', namespace('n', label('enforce', 'baseline')))
    const { write } = setUp()
    const old = pod(one({}, { hostIPC: true }))
    await write(
      Pod,
      { ...old, metadata: { ...old.metadata, labels: { a: 'b' } } },
      { operation: 'UPDATE', old },
    )
    const other = pod(one({ image: 'other' }, { hostIPC: true }))
    await expect(write(Pod, other, { operation: 'UPDATE', old })).rejects.toThrow('violates PodSecurity')
  })

  it('enforces what it cannot read as strictly as it can', async () => {
    reader.put('namespaces', namespace('n', label('enforce', 'strict')))
    const { write, notes } = setUp()
    await expect(write(Pod, pod())).rejects.toThrow('violates PodSecurity "restricted:latest"')
    expect(notes['error']).toBe(
      'Failed to parse policy: metadata.labels[pod-security.kubernetes.io/enforce]: Invalid value: "strict": must be one of privileged, baseline, restricted',
    )
  })

  it('refuses labels that mean nothing, unless they were there before', async () => {
    const { write } = setUp()
    const bad = namespace('n', { ...label('enforce', 'strict'), ...label('warn-version', 'v2') })
    await expect(write(Namespace, bad)).rejects.toMatchObject({
      message:
        'Namespace "n" is invalid: [metadata.labels[pod-security.kubernetes.io/enforce]: Invalid value: "strict": must be one of privileged, baseline, restricted, metadata.labels[pod-security.kubernetes.io/warn-version]: Invalid value: "v2": must be "latest" or "v1.x"]',
    })
    await write(Namespace, bad, { operation: 'UPDATE', old: bad })
  })

  it('names the pods that a higher level would not let in', async () => {
    const { write, warnings } = setUp()
    for (const name of ['c', 'a', 'b']) reader.put('pods', pod(one({}, { hostPID: true }), name))
    reader.put('pods', pod(one({ securityContext: { privileged: true } }), 'x'))
    reader.put('pods', pod(one({}), 'fine'))
    await write(Namespace, namespace('n', label('enforce', 'baseline')), {
      operation: 'UPDATE',
      old: namespace('n'),
    })
    expect(warnings).toEqual([
      'existing pods in namespace "n" violate the new PodSecurity enforce level "baseline:latest"',
      'a (and 2 other pods): host namespaces',
      'x: privileged',
    ])
  })

  it('looks away from those whom the configuration exempts, and says so', async () => {
    reader.put('namespaces', namespace('n', label('enforce', 'restricted')))
    const cases: readonly [Partial<PodSecurityExemptions>, Write, string][] = [
      [{ namespaces: ['n'] }, {}, 'namespace'],
      [{ usernames: ['root'] }, { user: { name: 'root', groups: [] } }, 'user'],
      [{ runtimeClasses: ['kata'] }, {}, 'runtimeClass'],
    ]
    for (const [exemptions, more, why] of cases) {
      const { write, notes } = setUp(exemptions)
      await write(Pod, pod(one({}, { hostPID: true, runtimeClassName: 'kata' })), more)
      expect(notes).toEqual({ exempt: why })
    }
    const { write, warnings } = setUp({ namespaces: ['n'] })
    await write(Namespace, namespace('n', label('enforce', 'baseline')))
    expect(warnings).toEqual([
      'namespace "n" is exempt from Pod Security, and the policy (enforce=baseline:latest) will be ignored',
    ])
  })
})
