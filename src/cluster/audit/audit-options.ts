import type { BatchSettings } from '../../apiserver/audit/batching-backend.ts'
import { type AuditLogFormat, auditLogFormats } from '../../apiserver/audit/log-backend.ts'
import type { TruncatingLimits } from '../../apiserver/audit/truncating-backend.ts'
import { FlagError, type FlagValues } from '../components/flags/parse-flags.ts'
import { type AuditMode, type auditFlags, auditModes } from './audit-flags.ts'
import type { RotationLimits } from './rotating-file.ts'

/** How events reach a backend. */
export interface AuditDelivery {
  readonly mode: AuditMode
  readonly batch: BatchSettings
  readonly truncate: TruncatingLimits | undefined
}

export interface AuditLogOptions extends RotationLimits {
  /** `-`: standard output. */
  readonly path: string
  readonly format: AuditLogFormat
  readonly delivery: AuditDelivery
}

export interface AuditWebhookOptions {
  readonly file: string
  readonly initialBackoffMs: number
  readonly delivery: AuditDelivery
}

/** What is there of it; without a policy, or with nobody to tell, nothing is audited. */
export interface AuditOptions {
  readonly policyFile: string
  readonly log: AuditLogOptions | undefined
  readonly webhook: AuditWebhookOptions | undefined
}

type Flags = FlagValues<typeof auditFlags>
type Plugin = 'log' | 'webhook'

const version = 'audit.k8s.io/v1'

function modeOf(flags: Flags, plugin: Plugin): AuditMode {
  const text = flags[`audit-${plugin}-mode`]
  const mode = auditModes.find((each) => each === text)
  if (mode !== undefined) return mode
  throw new FlagError(
    `invalid audit ${plugin} mode ${text}, allowed modes are ${JSON.stringify(auditModes.join(','))}`,
  )
}

function batchOf(flags: Flags, plugin: Plugin, mode: AuditMode): BatchSettings {
  const positive = (what: string, value: number): number => {
    if (value > 0 || mode !== 'batch') return value
    throw new FlagError(`invalid audit batch ${plugin} ${what} ${value}, must be a positive number`)
  }
  const bufferSize = positive('buffer size', flags[`audit-${plugin}-batch-buffer-size`])
  const maxBatchSize = positive('max batch size', flags[`audit-${plugin}-batch-max-size`])
  const maxWaitMs = flags[`audit-${plugin}-batch-max-wait`]
  if (!flags[`audit-${plugin}-batch-throttle-enable`]) return { bufferSize, maxBatchSize, maxWaitMs }
  const qps = positive('throttle QPS', flags[`audit-${plugin}-batch-throttle-qps`])
  const burst = positive('throttle burst', flags[`audit-${plugin}-batch-throttle-burst`])
  return { bufferSize, maxBatchSize, maxWaitMs, throttle: { qps, burst } }
}

function truncateOf(flags: Flags, plugin: Plugin): TruncatingLimits | undefined {
  const maxEventBytes = flags[`audit-${plugin}-truncate-max-event-size`]
  const maxBatchBytes = flags[`audit-${plugin}-truncate-max-batch-size`]
  const what = `invalid audit truncate ${plugin} max`
  if (maxEventBytes <= 0)
    throw new FlagError(`${what} event size ${maxEventBytes}, must be a positive number`)
  if (maxBatchBytes < maxEventBytes)
    throw new FlagError(
      `${what} batch size ${maxBatchBytes}, must be greater than max event size (${maxEventBytes})`,
    )
  return flags[`audit-${plugin}-truncate-enabled`] ? { maxEventBytes, maxBatchBytes } : undefined
}

function deliveryOf(flags: Flags, plugin: Plugin): AuditDelivery {
  const mode = modeOf(flags, plugin)
  const delivery = { mode, batch: batchOf(flags, plugin, mode), truncate: truncateOf(flags, plugin) }
  if (flags[`audit-${plugin}-version`] !== version)
    throw new FlagError(`invalid group version, allowed versions are [${JSON.stringify(version)}]`)
  return delivery
}

function logOf(flags: Flags): AuditLogOptions | undefined {
  const path = flags['audit-log-path']
  if (path === undefined) return undefined
  const delivery = deliveryOf(flags, 'log')
  const format = auditLogFormats.find((each) => each === flags['audit-log-format'])
  if (format === undefined)
    throw new FlagError(
      `invalid audit log format ${flags['audit-log-format']}, allowed formats are ${JSON.stringify(auditLogFormats.join(','))}`,
    )
  for (const name of ['audit-log-maxage', 'audit-log-maxbackup', 'audit-log-maxsize'] as const)
    if (flags[name] < 0) throw new FlagError(`--${name} ${flags[name]} can't be a negative number`)
  return {
    path,
    format,
    delivery,
    maxAgeDays: flags['audit-log-maxage'],
    maxBackups: flags['audit-log-maxbackup'],
    maxBytes: flags['audit-log-maxsize'] * 2 ** 20,
    compress: flags['audit-log-compress'],
  }
}

function webhookOf(flags: Flags): AuditWebhookOptions | undefined {
  const file = flags['audit-webhook-config-file']
  if (file === undefined) return undefined
  return {
    file,
    initialBackoffMs: flags['audit-webhook-initial-backoff'],
    delivery: deliveryOf(flags, 'webhook'),
  }
}

/** What the flags say; undefined where nothing is audited. Throws FlagError in upstream's words. */
export function auditOptions(flags: Flags): AuditOptions | undefined {
  const log = logOf(flags)
  const webhook = webhookOf(flags)
  const policyFile = flags['audit-policy-file']
  return policyFile === undefined ? undefined : { policyFile, log, webhook }
}
