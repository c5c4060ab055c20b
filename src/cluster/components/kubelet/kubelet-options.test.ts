import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { defaultEviction } from '../../../kubelet/eviction/thresholds.ts'
import { noReservations } from '../../../kubelet/node/allocatable/reservations.ts'
import { cpuSetText } from '../../../kubelet/resources/cpu/cpu-set.ts'
import { usualPinning } from '../../../kubelet/resources/pinning-settings.ts'
import { usualTopology } from '../../../kubelet/resources/topology/topology-manager.ts'
import { parseFlags } from '../flags/parse-flags.ts'
import { kubeletFlags } from './kubelet-flags.ts'
import { kubeletOptions } from './kubelet-options.ts'
import { configzPage } from './shown-config.ts'

const folder = mkdtempSync(join(tmpdir(), 'timonel-kubelet-'))
afterAll(() => rmSync(folder, { recursive: true }))

const socket = '--container-runtime-endpoint=unix:///run/test.sock'

function options(...args: readonly string[]) {
  const parsed = parseFlags('kubelet', kubeletFlags, args)
  if (parsed.type !== 'run') throw new Error(parsed.type)
  return kubeletOptions(parsed.values, parsed.given, ' Machine-1 ')
}

const head = 'apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\n'

function withFile(text: string, ...args: readonly string[]) {
  const file = join(folder, 'kubelet.yaml')
  writeFileSync(file, head + text)
  return options(`--config=${file}`, ...args)
}

test('kubeletOptions() lets the kernel protect memory behind its gate', () => {
  const rules = (text: string) => withFile(text, socket).tuning.resourceRules
  expect(rules('memoryThrottlingFactor: 0.8\n')?.memoryQuality).toBeUndefined()
  const gate = 'featureGates: {MemoryQoS: true}\n'
  expect(rules(gate)?.memoryQuality).toEqual({ throttlingFactor: 0.9, reserves: false })
  expect(
    rules(`${gate}memoryThrottlingFactor: 0.8\nmemoryReservationPolicy: TieredReservation\n`)?.memoryQuality,
  ).toEqual({ throttlingFactor: 0.8, reserves: true })
})

test('kubeletOptions() has upstream’s defaults without a file', () => {
  const { flags, tuning, ...rest } = options(socket)
  expect(rest).toEqual({
    nodeName: 'machine-1',
    podTuning: {
      allowedUnsafeSysctls: [],
      seccompDefault: false,
      crashLoop: { initialMs: 10_000, maxMs: 300_000 },
      pullVerification: { policy: 'NeverVerifyPreloadedImages', allowlist: [] },
      imagePolicy: { highPercent: 85, lowPercent: 80, minAgeMs: 120_000, maxAgeMs: 0 },
    },
    systemLogs: { queries: false },
    shutdownPeriods: [],
    addresses: [],
    socket: '/run/test.sock',
    rootDirectory: '/var/lib/kubelet',
    cgroupPrefix: [],
    logLimits: { maxBytes: 10 * 1024 ** 2, maxFiles: 5 },
  })
  expect(flags).toMatchObject({
    'anonymous-auth': true,
    'authentication-token-webhook': false,
    'authorization-mode': 'AlwaysAllow',
    'read-only-port': 10_255,
    'healthz-port': 10_248,
    'cert-dir': '/var/lib/kubelet/pki',
  })
  expect(flags['resolv-conf']).toBeUndefined()
  expect(tuning).toEqual({
    register: true,
    podCidr: '',
    statusEveryMs: 10_000,
    maxImages: 50,
    eviction: defaultEviction,
    reservations: noReservations,
    podsPerCore: 0,
    resourceRules: {},
    topology: usualTopology,
    pinning: usualPinning,
  })
})

test('kubeletOptions() has the other defaults of a file', () => {
  const { flags } = withFile('containerRuntimeEndpoint: unix:///run/file.sock\n')
  expect(flags).toMatchObject({
    'anonymous-auth': false,
    'authentication-token-webhook': true,
    'authentication-token-webhook-cache-ttl': 120_000,
    'authorization-mode': 'Webhook',
    'read-only-port': 0,
    'healthz-port': 10_248,
  })
})

test('kubeletOptions() takes flags before the file, and the file’s files from beside it', () => {
  const read = withFile(
    `containerRuntimeEndpoint: unix:///run/file.sock
authentication: {x509: {clientCAFile: ca.crt}, anonymous: {enabled: true}, webhook: {cacheTTL: 30s}}
authorization: {mode: AlwaysAllow, webhook: {cacheUnauthorizedTTL: 0s}}
clusterDNS: [10.96.0.10]
clusterDomain: file.local
staticPodPath: pods
staticPodURLHeader: {X-A: [b, c]}
maxPods: 0
port: 10260
resolvConf: ''
cgroupRoot: /a/b
registerNode: false
registerWithTaints: [{key: only, value: us, effect: NoExecute}]
nodeStatusUpdateFrequency: 20s
nodeLeaseDurationSeconds: 60
nodeStatusMaxImages: -1
containerLogMaxSize: 1Mi
containerLogMonitorInterval: 5s
evictionHard: {nodefs.available: 5%}
evictionSoft: {memory.available: 1Gi}
evictionSoftGracePeriod: {memory.available: 1m30s}
`,
    ...[
      '--cluster-domain=flag.local',
      '--anonymous-auth=false',
      '--eviction-minimum-reclaim=nodefs.available=1Gi',
    ],
    ...['--node-labels=a=b', '--node-ip=10.0.0.1,fd00::1', '--hostname-override=Node', '--root-dir=/r/'],
  )
  expect(read).toMatchObject({
    nodeName: 'node',
    addresses: ['10.0.0.1', 'fd00::1'],
    socket: '/run/file.sock',
    rootDirectory: '/r',
    cgroupPrefix: ['a', 'b'],
    logLimits: { maxBytes: 1024 ** 2, maxFiles: 5, everyMs: 5_000 },
  })
  expect(read.flags).toMatchObject({
    'client-ca-file': join(folder, 'ca.crt'),
    'anonymous-auth': false,
    'authentication-token-webhook-cache-ttl': 30_000,
    'authorization-mode': 'AlwaysAllow',
    'authorization-webhook-cache-unauthorized-ttl': 30_000,
    'cluster-dns': ['10.96.0.10'],
    'cluster-domain': 'flag.local',
    'max-pods': 110,
    port: 10_260,
    'pod-manifest-path': join(folder, 'pods'),
    'manifest-url-header': [
      ['X-A', 'b'],
      ['X-A', 'c'],
    ],
    'resolv-conf': '',
    'register-with-taints': [{ key: 'only', value: 'us', effect: 'NoExecute' }],
    'node-labels': new Map([['a', 'b']]),
  })
  expect(read.tuning).toMatchObject({
    register: false,
    podCidr: '',
    statusEveryMs: 20_000,
    maxImages: -1,
    reportEveryMs: 20_000,
    leaseSeconds: 60,
    eviction: {
      thresholds: [
        {
          signal: 'nodefs.available',
          value: { share: 0.05 },
          graceMs: 0,
          minReclaim: { quantity: 1024 ** 3 },
        },
        { signal: 'memory.available', value: { quantity: 1024 ** 3 }, graceMs: 90_000 },
      ],
      pressureTransitionMs: 300_000,
      maxPodGraceSeconds: 0,
    },
  })
})

test('kubeletOptions() lets files of a folder change parts of the file, in their order', () => {
  const folderOfParts = join(folder, 'parts')
  mkdirSync(join(folderOfParts, 'more'), { recursive: true })
  const part = (name: string, text: string) => writeFileSync(join(folderOfParts, name), head + text)
  part('10-a.conf', 'maxPods: 5\nevictionHard: {nodefs.available: 7%}\nclusterDNS: [10.0.0.1]\n')
  part('20-b.conf', 'maxPods: 6\nstaticPodPath: pods\n')
  part('more/c.conf', 'evictionHard: {imagefs.available: 3%, memory.available: null}\n')
  part('30-other.yaml', 'maxPods: 7\n')
  const { flags } = withFile(
    'containerRuntimeEndpoint: unix:///run/file.sock\nevictionHard: {memory.available: 1Gi}\nclusterDNS: [10.0.0.2, 10.0.0.3]\n',
    `--config-dir=${folderOfParts}`,
  )
  expect(flags).toMatchObject({
    'max-pods': 6,
    'cluster-dns': ['10.0.0.1'],
    'pod-manifest-path': join(folderOfParts, 'pods'),
    'eviction-hard': new Map([
      ['nodefs.available', '7%'],
      ['imagefs.available', '3%'],
    ]),
  })
})

test('configzPage() shows what is in force', () => {
  const read = withFile(
    'containerRuntimeEndpoint: unix:///run/file.sock\nmaxPods: 9\nshutdownGracePeriod: 30s\nshutdownGracePeriodCriticalPods: 10s\n',
  )
  const { kubeletconfig } = JSON.parse(Buffer.from(configzPage(read)('', false).body).toString())
  expect(kubeletconfig).toMatchObject({
    maxPods: 9,
    containerRuntimeEndpoint: 'unix:///run/file.sock',
    authorization: { mode: 'Webhook', webhook: { cacheAuthorizedTTL: '5m0s' } },
    shutdownGracePeriodByPodPriority: [
      { priority: 0, shutdownGracePeriodSeconds: 20 },
      { priority: 2_000_000_000, shutdownGracePeriodSeconds: 10 },
    ],
  })
})

test.each([
  ['syncFrequency: 1m\n', 'strict decoding error: unknown field "syncFrequency"'],
  [
    'shutdownGracePeriod: 5s\nshutdownGracePeriodCriticalPods: 10s\n',
    'shutdownGracePeriodCriticalPods 10s must be <= shutdownGracePeriod 5s',
  ],
  ['staticPodsPath: /etc/pods\n', 'error: strict decoding error: unknown field "staticPodsPath"'],
  ['authentication: {x509: {file: a}}\n', 'strict decoding error: unknown field "authentication.x509.file"'],
  ['registerWithTaints: [{key: a, timeAdded: x}]\n', 'unknown field "registerWithTaints[0].timeAdded"'],
  [
    'registerWithTaints: [{key: a, effect: Never}]\n',
    'invalid taint effect: Never, unsupported taint effect',
  ],
  ['maxPods: many\n', 'maxPods must be a number'],
  ['cgroupDriver: other\n', 'cgroupDriver: other is not there, only cgroupfs, systemd'],
  ['port: 70000\n', 'invalid configuration: --port 70000 must be between 1 and 65535, inclusive'],
  ['maxPods: 1.5\n', 'invalid configuration: --max-pods 1.5 strconv.ParseInt'],
  ['containerLogMonitorInterval: 2s\n', 'containerLogMonitorInterval must be a positive time duration'],
  ['maxPods: 1\nmaxPods: 2\n', 'Map keys must be unique'],
])('kubeletOptions() refuses a file by name: %j', (text, message) => {
  expect(() => withFile(text)).toThrow(message)
})

test.each([
  [['--eviction-hard=pids<5'], 'unsupported eviction signal pids'],
  [['--eviction-hard=memory.available=1Gi'], 'malformed pair, expect string<string'],
  [
    ['--eviction-soft=memory.available<1Gi'],
    'grace period must be specified for the soft eviction threshold',
  ],
  [['--node-ip=10.0.0.1,10.0.0.2'], 'must contain either a single IP or a dual-stack pair of IPs'],
  [['--node-ip=here'], 'bad --node-ip "here": could not parse "here"'],
  [
    ['--node-labels=kubernetes.io/role=x'],
    "unknown 'kubernetes.io' or 'k8s.io' labels specified with --node-labels: [kubernetes.io/role]",
  ],
  [['--node-labels=a=-'], "invalid node labels: '-' - a valid label must be"],
  [['--register-with-taints=a=b'], 'invalid taint spec: a=b'],
  [['--register-with-taints=a:NoSchedule,a=b:NoSchedule'], 'duplicated taints with the same key and effect'],
  [['--container-log-max-files=1'], 'must be between 2 and'],
  [['--container-log-max-size=big'], 'failed to parse container log max size "big"'],
  [['--authorization-mode=RBAC'], 'invalid argument "RBAC" for "--authorization-mode" flag'],
  [['--container-runtime-endpoint=tcp://x'], 'protocol "tcp" not supported'],
])('kubeletOptions() refuses %j', (args, message) => {
  expect(() => options(socket, ...args)).toThrow(message)
})

test('kubeletOptions() keeps what is not for pods, and holds them to their limits', () => {
  const { tuning } = withFile(
    `containerRuntimeEndpoint: unix:///run/file.sock
kubeReserved: {cpu: 200m, memory: 500Mi}
systemReserved: {pid: '1000'}
enforceNodeAllocatable: [pods, kube-reserved]
kubeReservedCgroup: /kube
podsPerCore: 10
podPidsLimit: 100
topologyManagerPolicy: restricted
topologyManagerPolicyOptions: {prefer-closest-numa-nodes: 'true'}
cpuCFSQuotaPeriod: 10ms
memorySwap: {swapBehavior: LimitedSwap}
singleProcessOOMKill: true
`,
    '--cpu-cfs-quota=false',
  )
  expect(tuning).toMatchObject({
    podsPerCore: 10,
    topology: { policy: 'restricted', scope: 'container', options: { prefersClosest: true } },
    reservations: {
      kube: { cpu: '200m', memory: '500Mi' },
      system: { pid: '1000' },
      enforced: ['pods', 'kube-reserved'],
      kubeGroup: '/kube',
    },
    resourceRules: {
      ...{ enforcesCpuLimits: false, cpuPeriodUs: 10_000, podPids: 100, killsSingleProcess: true },
      swap: 'LimitedSwap',
    },
  })
})

test('kubeletOptions() says who has processors and memory for himself', () => {
  const { tuning, flags } = withFile(
    `containerRuntimeEndpoint: unix:///run/file.sock
cpuManagerPolicy: static
cpuManagerPolicyOptions: {full-pcpus-only: 'true'}
cpuManagerReconcilePeriod: 5s
reservedSystemCPUs: 0-1
kubeReserved: {cpu: 200m, memory: 500Mi}
memoryManagerPolicy: Static
reservedMemory:
- numaNode: 0
  limits: {memory: 600Mi}
`,
  )
  const { pinning, reservations } = tuning
  expect(pinning).toMatchObject({
    ...{ cpuPolicy: 'static', reconcileMs: 5000, memoryPolicy: 'Static' },
    reservedMemory: [{ numaNode: 0, limits: { memory: '600Mi' } }],
  })
  expect([...(pinning?.cpuOptions ?? [])]).toEqual(['full-pcpus-only'])
  expect(cpuSetText(pinning?.reservedCpus ?? new Set())).toBe('0-1')
  // Those that are named take the place of how many are reserved.
  expect(reservations).toMatchObject({ system: { cpu: '2' }, kube: { memory: '500Mi' } })
  expect(reservations?.kube).not.toHaveProperty('cpu')
  expect(flags['reserved-memory']).toEqual(pinning?.reservedMemory)
  const given = [
    '--cpu-manager-policy=static',
    '--reserved-cpus=1',
    '--reserved-memory=0:memory=1Gi;1:memory=2Gi',
  ]
  expect(options(socket, ...given).tuning.pinning).toMatchObject({
    ...{ cpuPolicy: 'static', reservedCpus: new Set([1]) },
    reservedMemory: [
      { numaNode: 0, limits: { memory: '1Gi' } },
      { numaNode: 1, limits: { memory: '2Gi' } },
    ],
  })
})

test.each([
  [
    'topologyManagerPolicy: near',
    'invalid configuration: topologyManagerPolicy (--topology-manager-policy) "near" must be one of: ["none" "best-effort" "restricted" "single-numa-node"]',
  ],
  [
    'topologyManagerScope: node',
    'invalid configuration: topologyManagerScope (--topology-manager-scope) "node" must be one of: "container", or "pod"',
  ],
  ['cpuManagerPolicy: dynamic', 'unknown policy: "dynamic"'],
  ['memoryManagerPolicy: BestEffort', 'policy "BestEffort" is not available for platform "linux"'],
  ["cpuManagerPolicyOptions: {full-pcpus-only: 'true'}", 'None policy: received unsupported options'],
  [
    'reservedSystemCPUs: 0-a',
    'invalid configuration: unable to parse reservedSystemCPUs (--reserved-cpus) 0-a, error: strconv.Atoi: parsing "a": invalid syntax',
  ],
  [
    'reservedSystemCPUs: 0-1\nkubeReservedCgroup: /kube',
    "invalid configuration: can't use reservedSystemCPUs (--reserved-cpus) with systemReservedCgroup (--system-reserved-cgroup) or kubeReservedCgroup (--kube-reserved-cgroup)",
  ],
  [
    "reservedMemory: [{numaNode: 0, limits: {memory: '0'}}]",
    'invalid configuration: reserved memory may not be zero for NUMA node 0 and resource "memory"',
  ],
  ['kubeReserved: {gpu: 1}', '--kube-reserved value failed to parse: cannot reserve "gpu" resource'],
  [
    'memorySwap: {swapBehavior: All}',
    'memorySwap.swapBehavior "All" must be one of: "", "LimitedSwap" or "NoSwap"',
  ],
  [
    'memoryThrottlingFactor: 2',
    'memoryThrottlingFactor 2 must be greater than 0 and less than or equal to 1.0',
  ],
])('kubeletOptions() refuses %s', (line, message) => {
  expect(() =>
    withFile(`containerRuntimeEndpoint: unix:///run/file.sock\n${line.replace(': 1}', ": '1'}")}\n`),
  ).toThrow(message)
})
