import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { core } from '../../../api/generated/types/index.ts'
import { isRecord } from '../../../base/is-record.ts'
import { PodEvaluator } from './evaluate-pod.ts'

type Value = unknown

/** One control of the Pod Security Standards as their page has it: fields, and what they may be. */
interface Control {
  /** As it is reported. */
  readonly reason: RegExp
  readonly fields: readonly string[]
  readonly allows: (value: Value) => boolean
  /** Is not asked of such pods. */
  readonly spares?: (spec: core.v1.PodSpec) => boolean
}

const oneOf =
  (...values: readonly Value[]): Control['allows'] =>
  (value) =>
    values.includes(value)
/** Of the pod's own security context and all containers'. */
const contexts = (field: string): readonly string[] => [
  `securityContext.${field}`,
  `*.securityContext.${field}`,
]

const handlers = [
  'livenessProbe',
  'readinessProbe',
  'startupProbe',
  'lifecycle.postStart',
  'lifecycle.preStop',
]
const baselineCapabilities = [
  ...['AUDIT_WRITE', 'CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'FSETID', 'KILL', 'MKNOD', 'NET_BIND_SERVICE'],
  ...['SETFCAP', 'SETGID', 'SETPCAP', 'SETUID', 'SYS_CHROOT'],
]
const safeSysctls = [
  ...['kernel.shm_rmid_forced', 'net.ipv4.ip_local_port_range', 'net.ipv4.ip_unprivileged_port_start'],
  ...['net.ipv4.tcp_syncookies', 'net.ipv4.ping_group_range', 'net.ipv4.ip_local_reserved_ports'],
  ...['net.ipv4.tcp_keepalive_time', 'net.ipv4.tcp_fin_timeout', 'net.ipv4.tcp_keepalive_intvl'],
  ...['net.ipv4.tcp_keepalive_probes', 'net.ipv4.tcp_rmem', 'net.ipv4.tcp_wmem'],
]
const seLinuxTypes = ['container_t', 'container_init_t', 'container_kvm_t', 'container_engine_t']
const isWindows = ({ os }: core.v1.PodSpec): boolean => os?.name === 'windows'
const hasOwnUsers = ({ hostUsers }: core.v1.PodSpec): boolean => hostUsers === false
const profiles = oneOf(undefined, 'RuntimeDefault', 'Localhost')

const procMount: Control = {
  reason: /^procMount/,
  fields: ['*.securityContext.procMount'],
  allows: oneOf(undefined, 'Default'),
}

const seccomp: Control = {
  reason: /^seccompProfile/,
  fields: contexts('seccompProfile.type'),
  allows: profiles,
}

const shared: readonly Control[] = [
  { reason: /^hostProcess/, fields: contexts('windowsOptions.hostProcess'), allows: oneOf(undefined, false) },
  {
    reason: /^host namespaces/,
    fields: ['hostNetwork', 'hostPID', 'hostIPC'],
    allows: oneOf(undefined, false),
  },
  { reason: /^privileged/, fields: ['*.securityContext.privileged'], allows: oneOf(undefined, false) },
  { reason: /^hostPort/, fields: ['*.ports[].hostPort'], allows: oneOf(undefined, 0) },
  {
    reason: /^probe or lifecycle host/,
    fields: handlers.flatMap((field) => [`*.${field}.httpGet.host`, `*.${field}.tcpSocket.host`]),
    allows: oneOf(undefined, ''),
  },
  { reason: /^forbidden AppArmor profile/, fields: contexts('appArmorProfile.type'), allows: profiles },
  {
    reason: /^seLinuxOptions/,
    fields: contexts('seLinuxOptions.type'),
    allows: oneOf(undefined, '', ...seLinuxTypes),
  },
  {
    reason: /^seLinuxOptions/,
    fields: [...contexts('seLinuxOptions.user'), ...contexts('seLinuxOptions.role')],
    allows: oneOf(undefined, ''),
  },
  {
    reason: /^forbidden sysctls/,
    fields: ['securityContext.sysctls[].name'],
    allows: oneOf(undefined, ...safeSysctls),
  },
]

const baseline: readonly Control[] = [
  ...shared,
  seccomp,
  { ...procMount, spares: hasOwnUsers },
  {
    reason: /^non-default capabilities/,
    fields: ['*.securityContext.capabilities.add[]'],
    allows: oneOf(undefined, ...baselineCapabilities),
  },
  { reason: /^hostPath volumes/, fields: ['volumes[].hostPath'], allows: oneOf(undefined) },
]

const volumeTypes = [
  ...['configMap', 'csi', 'downwardAPI', 'emptyDir', 'ephemeral', 'image', 'persistentVolumeClaim'],
  ...['projected', 'secret'],
]

const restricted: readonly Control[] = [
  ...shared,
  procMount,
  // What the baseline asks for gives way to the restricted level's own, which is for Linux only.
  { ...seccomp, spares: isWindows },
  {
    reason: /^restricted volume types/,
    fields: ['volumes[]'],
    allows: (volume) =>
      volume === undefined || volumeTypes.some((type) => isRecord(volume) && type in volume),
  },
  {
    reason: /^allowPrivilegeEscalation/,
    fields: ['*.securityContext.allowPrivilegeEscalation'],
    allows: oneOf(false),
    spares: isWindows,
  },
  {
    reason: /^runAsNonRoot/,
    fields: contexts('runAsNonRoot'),
    allows: oneOf(undefined, true),
    spares: hasOwnUsers,
  },
  {
    reason: /^runAsUser/,
    fields: contexts('runAsUser'),
    allows: (value) => value !== 0,
    spares: hasOwnUsers,
  },
  {
    reason: /^unrestricted capabilities/,
    fields: ['*.securityContext.capabilities.add[]'],
    allows: oneOf(undefined, 'NET_BIND_SERVICE'),
    spares: isWindows,
  },
  {
    reason: /^unrestricted capabilities/,
    fields: ['*.securityContext.capabilities.drop'],
    allows: (value) => Array.isArray(value) && value.includes('ALL'),
    spares: isWindows,
  },
]

/** What every container has to have, of its own or of its pod. */
const demands = [
  { reason: /^runAsNonRoot/, field: 'runAsNonRoot', spares: hasOwnUsers },
  { reason: /^seccompProfile/, field: 'seccompProfile.type', spares: isWindows },
]

/** The values of a field; undefined for each place where it is not. */
function valuesAt(value: Value, path: string): readonly Value[] {
  if (path === '') return [value]
  const [, name = '', list, rest = ''] = /^([^.[]+)(\[\])?\.?(.*)$/.exec(path) ?? []
  if (name === '*')
    return ['initContainers', 'containers', 'ephemeralContainers'].flatMap((each) =>
      valuesAt(value, `${each}[].${rest}`),
    )
  const member = isRecord(value) ? value[name] : undefined
  if (list === undefined) return valuesAt(member, rest)
  return (Array.isArray(member) ? member : []).flatMap((item) => valuesAt(item, rest))
}

function violated(level: 'baseline' | 'restricted', spec: core.v1.PodSpec): ReadonlySet<string> {
  const controls = level === 'baseline' ? baseline : restricted
  const bad = controls
    .filter(({ spares }) => spares?.(spec) !== true)
    .filter(({ fields, allows }) => fields.some((field) => !valuesAt(spec, field).every(allows)))
    .map(({ reason }) => reason.source)
  if (level === 'baseline') return new Set(bad)
  const lacking = demands
    .filter(({ spares }) => !spares(spec))
    .filter(({ field }) => valuesAt(spec, `securityContext.${field}`)[0] === undefined)
    .filter(({ field }) => valuesAt(spec, `*.securityContext.${field}`).includes(undefined))
    .map(({ reason }) => reason.source)
  return new Set([...bad, ...lacking])
}

const pick = <T>(...values: readonly T[]): fc.Arbitrary<T> => fc.constantFrom(...values)
/** Often nothing, so that some pods keep to a level. */
const rarely = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(value, { nil: undefined, freq: 4 })
const often = <T>(good: T, value: fc.Arbitrary<T>): fc.Arbitrary<T> =>
  fc.oneof({ weight: 4, arbitrary: fc.constant(good) }, value)
const flag = fc.boolean()

const profile = fc.record({ type: pick('RuntimeDefault', 'Localhost', 'Unconfined') })
const context = {
  seLinuxOptions: rarely(
    fc.record(
      { type: pick('', 'container_t', 'spc_t'), user: pick('', 'u'), role: pick('', 'r') },
      { requiredKeys: [] },
    ),
  ),
  appArmorProfile: rarely(profile),
  windowsOptions: rarely(fc.record({ hostProcess: flag }, { requiredKeys: [] })),
  runAsUser: rarely(pick(0, 1000)),
  runAsNonRoot: rarely(flag),
  seccompProfile: rarely(profile),
}
const handler = fc.record({ httpGet: fc.record({ port: fc.constant(80), host: pick('', 'example.com') }) })
const container = (name: string): fc.Arbitrary<object> =>
  fc.record({
    name: fc.constant(name),
    ports: rarely(
      fc.array(fc.record({ containerPort: fc.constant(1), hostPort: pick(0, 80) }), { maxLength: 2 }),
    ),
    livenessProbe: rarely(handler),
    lifecycle: rarely(fc.record({ preStop: handler })),
    securityContext: rarely(
      fc.record({
        ...context,
        privileged: rarely(flag),
        allowPrivilegeEscalation: often<boolean | undefined>(false, rarely(flag)),
        procMount: rarely(pick('Default', 'Unmasked')),
        capabilities: fc.record(
          {
            add: fc.array(pick('CHOWN', 'NET_BIND_SERVICE', 'SYS_ADMIN'), { maxLength: 2 }),
            drop: often(['ALL'], fc.array(pick('ALL', 'CHOWN'), { maxLength: 2 })),
          },
          { requiredKeys: ['drop'] },
        ),
      }),
    ),
  })

const volume = fc
  .tuple(pick('emptyDir', 'hostPath', 'nfs', 'secret', 'image', 'unheardOf'), fc.nat(9))
  .map(([type, number]) => ({ name: `v${number}`, [type]: {} }))

const pod: fc.Arbitrary<object> = fc.record({
  containers: fc.tuple(container('a'), container('b')),
  initContainers: rarely(fc.tuple(container('i'))),
  ephemeralContainers: rarely(fc.tuple(container('e'))),
  volumes: rarely(fc.array(volume, { maxLength: 2 })),
  hostNetwork: rarely(flag),
  hostPID: rarely(flag),
  hostIPC: rarely(flag),
  hostUsers: rarely(flag),
  os: rarely(fc.record({ name: pick('linux', 'windows') })),
  securityContext: rarely(
    fc.record({
      ...context,
      sysctls: rarely(
        fc.array(
          fc.record({
            name: pick('net.ipv4.tcp_wmem', 'kernel.shm_rmid_forced', 'vm.x'),
            value: fc.constant('1'),
          }),
          { maxLength: 2 },
        ),
      ),
    }),
  ),
})

/** As it comes over the wire. */
const plain = (spec: object): core.v1.PodSpec => JSON.parse(JSON.stringify(spec))

test.each(['baseline', 'restricted'] as const)(
  'PodEvaluator says of %s what the standards’ page says',
  (level) => {
    const evaluator = new PodEvaluator()
    fc.assert(
      fc.property(pod, (given) => {
        const spec = plain(given)
        const controls = level === 'baseline' ? baseline : [...restricted, ...demands]
        const { reasons } = evaluator.evaluate({ level, version: 'latest' }, spec, {})
        const said = reasons === '' ? [] : reasons.split(', ')
        const expected = violated(level, spec)
        const known = new Set(
          said.map((text) => controls.find(({ reason }) => reason.test(text))?.reason.source ?? text),
        )
        expect([...known].sort()).toEqual([...expected].sort())
      }),
      { numRuns: 500 },
    )
  },
)
