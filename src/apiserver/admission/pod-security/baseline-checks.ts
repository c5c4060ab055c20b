import {
  type Check,
  type CheckPod,
  containersNamed,
  containersOf,
  namesWhere,
  plural,
  quoted,
  setters,
  sorted,
  unlessOwnUsers,
} from './check.ts'
import { appArmor, seccompAnnotations, seccompFields, seLinux } from './profile-checks.ts'

const addable = new Set([
  ...['AUDIT_WRITE', 'CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'FSETID', 'KILL', 'MKNOD', 'NET_BIND_SERVICE'],
  ...['SETFCAP', 'SETGID', 'SETPCAP', 'SETUID', 'SYS_CHROOT'],
])

const checkCapabilities: CheckPod = (spec) => {
  const added = new Set<string>()
  const bad = namesWhere(spec, ({ securityContext }) => {
    const others = (securityContext?.capabilities?.add ?? []).filter((name) => !addable.has(name))
    for (const name of others) added.add(name)
    return others.length > 0
  })
  if (bad.length === 0) return undefined
  const what = quoted(sorted(added))
  return {
    reason: 'non-default capabilities',
    detail: `${containersNamed(bad)} must not include ${what} in securityContext.capabilities.add`,
  }
}

const checkHostNamespaces: CheckPod = ({ hostNetwork, hostPID, hostIPC }) => {
  const shared = Object.entries({ hostNetwork, hostPID, hostIPC }).filter(([, value]) => value === true)
  if (shared.length === 0) return undefined
  return { reason: 'host namespaces', detail: shared.map(([name]) => `${name}=true`).join(', ') }
}

const checkHostPaths: CheckPod = ({ volumes = [] }) => {
  const bad = volumes.filter(({ hostPath }) => hostPath !== undefined).map(({ name }) => name)
  if (bad.length === 0) return undefined
  return { reason: 'hostPath volumes', detail: `${plural(bad.length, 'volume')} ${quoted(bad)}` }
}

const checkHostPorts: CheckPod = (spec) => {
  const ports = new Set<string>()
  const bad = namesWhere(spec, (container) => {
    const own = (container.ports ?? []).flatMap(({ hostPort = 0 }) => (hostPort === 0 ? [] : [hostPort]))
    for (const port of own) ports.add(String(port))
    return own.length > 0
  })
  if (bad.length === 0) return undefined
  const uses = `${plural(bad.length, 'uses', 'use')} ${plural(ports.size, 'hostPort')}`
  return { reason: 'hostPort', detail: `${containersNamed(bad)} ${uses} ${sorted(ports).join(', ')}` }
}

interface Handler {
  readonly httpGet?: { readonly host?: string }
  readonly tcpSocket?: { readonly host?: string }
}

const hostsOf = (handler: Handler | undefined): readonly string[] =>
  [handler?.httpGet?.host ?? '', handler?.tcpSocket?.host ?? ''].filter((host) => host !== '')

const checkProbeHosts: CheckPod = (spec) => {
  const bad = new Set<string>()
  const hosts = new Set<string>()
  for (const container of containersOf(spec)) {
    const { livenessProbe, readinessProbe, startupProbe, lifecycle } = container
    const handlers = [livenessProbe, readinessProbe, startupProbe, lifecycle?.postStart, lifecycle?.preStop]
    for (const host of handlers.flatMap(hostsOf)) {
      bad.add(container.name)
      hosts.add(host)
    }
  }
  if (bad.size === 0) return undefined
  const uses = `${plural(bad.size, 'uses', 'use')} ${plural(hosts.size, 'probe or lifecycle host')}`
  return {
    reason: 'probe or lifecycle host',
    detail: `${containersNamed(sorted(bad))} ${uses} ${quoted(sorted(hosts))}`,
  }
}

const checkPrivileged: CheckPod = (spec) => {
  const bad = namesWhere(spec, ({ securityContext }) => securityContext?.privileged === true)
  if (bad.length === 0) return undefined
  return {
    reason: 'privileged',
    detail: `${containersNamed(bad)} must not set securityContext.privileged=true`,
  }
}

export const checkProcMount: CheckPod = (spec) => {
  const types = new Set<string>()
  const bad = namesWhere(spec, ({ securityContext }) => {
    const type = securityContext?.procMount ?? 'Default'
    if (type !== 'Default') types.add(type)
    return type !== 'Default'
  })
  if (bad.length === 0) return undefined
  const what = quoted(sorted(types))
  return {
    reason: 'procMount',
    detail: `${containersNamed(bad)} must not set securityContext.procMount to ${what}`,
  }
}

const sysctls0 = [
  ...['kernel.shm_rmid_forced', 'net.ipv4.ip_local_port_range', 'net.ipv4.tcp_syncookies'],
  ...['net.ipv4.ping_group_range', 'net.ipv4.ip_unprivileged_port_start'],
]
const sysctls27 = [...sysctls0, 'net.ipv4.ip_local_reserved_ports']
const sysctls29 = [
  ...sysctls27,
  ...['net.ipv4.tcp_keepalive_time', 'net.ipv4.tcp_fin_timeout'],
  ...['net.ipv4.tcp_keepalive_intvl', 'net.ipv4.tcp_keepalive_probes'],
]
const sysctls32 = [...sysctls29, 'net.ipv4.tcp_rmem', 'net.ipv4.tcp_wmem']

const checkSysctls =
  (allowed: readonly string[]): CheckPod =>
  ({ securityContext }) => {
    const bad = (securityContext?.sysctls ?? [])
      .map(({ name }) => name)
      .filter((name) => !allowed.includes(name))
    return bad.length === 0 ? undefined : { reason: 'forbidden sysctls', detail: bad.join(', ') }
  }

const checkHostProcess: CheckPod = (spec) => {
  const bad = namesWhere(spec, ({ securityContext }) => securityContext?.windowsOptions?.hostProcess === true)
  const who = setters(spec.securityContext?.windowsOptions?.hostProcess === true, bad)
  if (who.length === 0) return undefined
  return {
    reason: 'hostProcess',
    detail: `${who.join(' and ')} must not set securityContext.windowsOptions.hostProcess=true`,
  }
}

const level = 'baseline'

/** Known ways to get more than a container should have. By id, as they are reported. */
export const baselineChecks: readonly Check[] = [
  { id: 'appArmorProfile', level, versions: [{ from: 0, check: appArmor }] },
  { id: 'capabilities_baseline', level, versions: [{ from: 0, check: checkCapabilities }] },
  { id: 'hostNamespaces', level, versions: [{ from: 0, check: checkHostNamespaces }] },
  { id: 'hostPathVolumes', level, versions: [{ from: 0, check: checkHostPaths }] },
  { id: 'hostPorts', level, versions: [{ from: 0, check: checkHostPorts }] },
  { id: 'hostProbesAndHostLifecycle', level, versions: [{ from: 34, check: checkProbeHosts }] },
  { id: 'privileged', level, versions: [{ from: 0, check: checkPrivileged }] },
  {
    id: 'procMount',
    level,
    versions: [
      { from: 0, check: checkProcMount },
      { from: 35, check: unlessOwnUsers(checkProcMount) },
    ],
  },
  {
    id: 'seLinuxOptions',
    level,
    versions: [
      { from: 0, check: seLinux(['', 'container_t', 'container_init_t', 'container_kvm_t']) },
      {
        from: 31,
        check: seLinux(['', 'container_t', 'container_init_t', 'container_kvm_t', 'container_engine_t']),
      },
    ],
  },
  {
    id: 'seccompProfile_baseline',
    level,
    versions: [
      { from: 0, check: seccompAnnotations },
      { from: 19, check: seccompFields(false) },
    ],
  },
  {
    id: 'sysctls',
    level,
    versions: [
      { from: 0, check: checkSysctls(sysctls0) },
      { from: 27, check: checkSysctls(sysctls27) },
      { from: 29, check: checkSysctls(sysctls29) },
      { from: 32, check: checkSysctls(sysctls32) },
    ],
  },
  { id: 'windowsHostProcess', level, versions: [{ from: 0, check: checkHostProcess }] },
]
