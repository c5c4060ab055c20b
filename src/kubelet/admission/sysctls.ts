import type { core } from '../../api/generated/types/index.ts'
import { goQuote } from '../../apimachinery/go-text.ts'
import type { Rejection } from './admit-pod.ts'

type Namespace = 'IPC' | 'Net'

/** What the kernel keeps for each IPC namespace; `net.` and `fs.mqueue.` beside. */
const ipcNames: ReadonlySet<string> = new Set([
  ...['kernel.sem', 'kernel.shmall', 'kernel.shmmax', 'kernel.shmmni', 'kernel.shm_rmid_forced'],
  ...['kernel.shm', 'kernel.msgmax', 'kernel.msgmnb', 'kernel.msgmni', 'kernel.msg'],
])

/** Those that harm no other pod, and since which kernel they are a pod's own (pkg/kubelet/sysctl/safe_sysctls.go). */
const safe: readonly (readonly [string, string?])[] = [
  ['kernel.shm_rmid_forced'],
  ['net.ipv4.ip_local_port_range'],
  ['net.ipv4.tcp_syncookies'],
  ['net.ipv4.ping_group_range'],
  ['net.ipv4.ip_unprivileged_port_start'],
  ['net.ipv4.ip_local_reserved_ports', '3.16'],
  ['net.ipv4.tcp_keepalive_time', '4.5'],
  ['net.ipv4.tcp_fin_timeout', '4.6'],
  ['net.ipv4.tcp_keepalive_intvl', '4.5'],
  ['net.ipv4.tcp_keepalive_probes', '4.5'],
  ['net.ipv4.tcp_rmem', '4.15'],
  ['net.ipv4.tcp_wmem', '4.15'],
]

const maxNameLength = 253
const segment = '[a-z0-9](?:[-_a-z0-9]*[a-z0-9])?'
const patternText = `^(?:${segment}[\\./])*(?:[a-z0-9][-_a-z0-9]*)?[a-z0-9*]$`
const pattern = new RegExp(patternText)
/** As messages print it: with upstream's groups. */
const shownPattern = '([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*([a-z0-9][-_a-z0-9]*)?[a-z0-9*]'

/** The name with dots between its parts, whichever of the two ways it is written (sysctl.d(5)). */
export function normalizeSysctl(name: string): string {
  const first = /[./]/.exec(name)
  if (first === null || first[0] === '.') return name
  return name.replace(/[./]/g, (separator) => (separator === '/' ? '.' : '/'))
}

function namespaceOf(name: string): Namespace | undefined {
  if (ipcNames.has(name) || name.startsWith('fs.mqueue.')) return 'IPC'
  return name.startsWith('net.') ? 'Net' : undefined
}

/** A version that is no number, as a simulated machine's, is as new as can be. */
function isAtLeast(kernel: string, wanted: string): boolean {
  const [own = Number.NaN, minor = 0] = kernel.split('.').map((part) => Number.parseInt(part, 10))
  const [major = 0, least = 0] = wanted.split('.').map(Number)
  return Number.isNaN(own) || own > major || (own === major && minor >= least)
}

/** Which kernel parameters pods may set: those that are safe, and those that the node's operator allows. */
export class SysctlRules {
  readonly #names = new Map<string, Namespace>()
  readonly #prefixes = new Map<string, Namespace>()

  /** `allowed` are names or patterns that end in `*`; throws upstream's text for what is none. */
  constructor(kernelVersion: string, allowed: readonly string[]) {
    const known = safe.filter(([, since]) => since === undefined || isAtLeast(kernelVersion, since))
    for (const text of [...known.map(([name]) => name), ...allowed]) {
      if (text.length > maxNameLength || !pattern.test(text)) {
        throw new Error(
          `sysctl ${goQuote(text)} must have at most ${maxNameLength} characters and match regex ${shownPattern}`,
        )
      }
      const [name = ''] = normalizeSysctl(text).split('*')
      const namespace = namespaceOf(name)
      if (namespace === undefined) {
        throw new Error(`the sysctls ${goQuote(name)} are not known to be namespaced`)
      }
      const kind = text.includes('*') ? this.#prefixes : this.#names
      kind.set(name, namespace)
    }
  }

  /** Why a pod may not set what it wants to. */
  admit({ spec }: core.v1.Pod): Rejection | undefined {
    for (const { name } of spec?.securityContext?.sysctls ?? []) {
      const why = this.#complaint(normalizeSysctl(name), spec?.hostNetwork === true, spec?.hostIPC === true)
      if (why !== undefined) return { reason: 'SysctlForbidden', message: `forbidden sysctl: ${why}` }
    }
    return undefined
  }

  #complaint(name: string, hostNetwork: boolean, hostIpc: boolean): string | undefined {
    const prefix = [...this.#prefixes].find(([start]) => name.startsWith(start))
    const namespace = this.#names.get(name) ?? prefix?.[1]
    if (namespace === undefined) return `${goQuote(name)} not allowlisted`
    const shared = namespace === 'IPC' ? hostIpc : hostNetwork
    return shared ? `${goQuote(name)} not allowed with host ${namespace} enabled` : undefined
  }
}
