import { resolve } from 'node:path'
import { goQuote } from '../../../apimachinery/go-text.ts'
import { parseQuantity } from '../../../apimachinery/quantity.ts'
import { defined } from '../../../base/defined.ts'
import { messageOf } from '../../../base/message-of.ts'
import { parseThresholds } from '../../../kubelet/eviction/parse-thresholds.ts'
import type { EvictionSettings } from '../../../kubelet/eviction/thresholds.ts'
import type { LogLimits } from '../../../kubelet/linux/logs/log-rotation.ts'
import type { NodeTuning } from '../../../kubelet/node/node-object.ts'
import type { PodTuning } from '../../../kubelet/pod/pod-tuning.ts'
import type { ShutdownPeriod } from '../../../kubelet/shutdown/shutdown-periods.ts'
import { duration, type Flag } from '../flags/flag-types.ts'
import { FlagError } from '../flags/parse-flags.ts'
import { readConfigFields } from './config-drop-ins.ts'
import { type KubeletConfig, kubeletConfig } from './kubelet-config.ts'
import { type KubeletFlags, kubeletFlags } from './kubelet-flags.ts'
import { parseNodeIps, socketPath } from './node-texts.ts'
import { podSettings } from './pod-settings.ts'
import { resourceTuning } from './resource-tuning.ts'

export interface KubeletOptions {
  /** Those that were given, before what the file says, before the defaults. */
  readonly flags: KubeletFlags
  readonly nodeName: string
  readonly addresses: readonly string[]
  readonly socket: string
  readonly rootDirectory: string
  readonly cgroupPrefix: readonly string[]
  readonly tuning: NodeTuning
  readonly logLimits: LogLimits
  readonly podTuning: PodTuning
  /** Whether the machine's own logs may be read, and asked for by services; absent: not. */
  readonly systemLogs?: { readonly queries: boolean }
  readonly shutdownPeriods: readonly ShutdownPeriod[]
}

const nanosPerUnit = 1_000_000_000n

/** What a flag would not take is not taken from a file either. Throws an Error. */
function checkNumbers({ flags }: KubeletConfig): void {
  for (const [name, value] of Object.entries(flags)) {
    const flag: Flag<unknown> | undefined = Object.entries(kubeletFlags).find(([each]) => each === name)?.[1]
    if (flag?.type !== 'int') continue
    try {
      flag.parse(String(value), undefined)
    } catch (error) {
      throw new Error(`invalid configuration: --${name} ${String(value)} ${messageOf(error)}`)
    }
  }
}

function readConfig(file: string | undefined, folder: string | undefined): KubeletConfig {
  const fields = readConfigFields(file, folder)
  if (fields === undefined) return { flags: {}, pods: {} }
  try {
    const config = kubeletConfig(fields)
    checkNumbers(config)
    return config
  } catch (error) {
    const path = file ?? folder
    throw new FlagError(`failed to load kubelet config file, path: ${path}, error: ${messageOf(error)}`)
  }
}

function evictionSettings(flags: KubeletFlags): EvictionSettings {
  const graces = [...flags['eviction-soft-grace-period']].map(([signal, text]) => {
    const graceMs = duration('', 0).parse(text, undefined)
    if (graceMs <= 0)
      throw new Error(`invalid eviction grace period specified: ${text}, must be a positive value`)
    return [signal, graceMs] as const
  })
  const thresholds = parseThresholds({
    hard: flags['eviction-hard'],
    soft: flags['eviction-soft'],
    softGraceMs: new Map(graces),
    minimumReclaim: flags['eviction-minimum-reclaim'],
  })
  return {
    thresholds,
    pressureTransitionMs: flags['eviction-pressure-transition-period'],
    maxPodGraceSeconds: flags['eviction-max-pod-grace-period'],
  }
}

/** Bytes; a negative size says that logs are left as they are. */
function logSize(text: string): number {
  const parsed = parseQuantity(text)
  if ('error' in parsed)
    throw new Error(`failed to parse container log max size ${goQuote(text)}: ${parsed.error}`)
  return parsed.nano < 0n ? Number.POSITIVE_INFINITY : Number(parsed.nano / nanosPerUnit)
}

/** Upstream: what the node is called in the API. */
function nodeNameOf(flags: KubeletFlags, machine: string): string {
  const name = (flags['hostname-override'] || machine).trim().toLowerCase()
  if (name === '') throw new Error('empty hostname is invalid')
  return name
}

/** What the command line and the file that it names say together. Throws FlagError. */
export function kubeletOptions(
  values: KubeletFlags,
  given: ReadonlySet<string>,
  machine: string,
): KubeletOptions {
  const {
    flags: filed,
    pods,
    reportEveryMs,
    leaseSeconds,
    logLookMs,
    logQueries = false,
    memory = {},
    shutdownPeriods = [],
  } = readConfig(values.config, values['config-dir'])
  const own = Object.fromEntries(Object.entries(values).filter(([name]) => given.has(name)))
  const flags: KubeletFlags = { ...values, ...filed, ...own }
  try {
    return {
      flags,
      nodeName: nodeNameOf(flags, machine),
      addresses: parseNodeIps(flags['node-ip']),
      socket: socketPath(flags['container-runtime-endpoint']),
      rootDirectory: resolve(flags['root-dir']),
      cgroupPrefix: flags['cgroup-root'].split('/').filter((part) => part !== ''),
      tuning: defined({
        register: flags['register-node'],
        podCidr: flags['pod-cidr'],
        statusEveryMs: flags['node-status-update-frequency'],
        eviction: evictionSettings(flags),
        maxImages: flags['node-status-max-images'],
        ...resourceTuning(flags, memory),
        ...{ reportEveryMs, leaseSeconds },
      }),
      ...(flags['enable-system-log-handler'] ? { systemLogs: { queries: logQueries } } : {}),
      shutdownPeriods,
      podTuning: podSettings(flags, pods),
      logLimits: defined({
        maxBytes: logSize(flags['container-log-max-size']),
        maxFiles: flags['container-log-max-files'],
        everyMs: logLookMs,
      }),
    }
  } catch (error) {
    throw new FlagError(messageOf(error))
  }
}
