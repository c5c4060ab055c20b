import { type AuditBackend, forgivingBackend, unionBackend } from '../../apiserver/audit/audit-backend.ts'
import { AuditMetrics } from '../../apiserver/audit/audit-metrics.ts'
import { policyEvaluator } from '../../apiserver/audit/audit-policy.ts'
import { Auditing } from '../../apiserver/audit/auditing.ts'
import { BatchingBackend } from '../../apiserver/audit/batching-backend.ts'
import { type AuditWriter, LogBackend } from '../../apiserver/audit/log-backend.ts'
import { truncatingBackend } from '../../apiserver/audit/truncating-backend.ts'
import { webhookBackend } from '../../apiserver/audit/webhook-backend.ts'
import type { Audit } from '../../apiserver/chain/chain.ts'
import { HttpsCaller } from '../../apiserver/http/https-caller.ts'
import type { Host } from '../../base/host.ts'
import type { Logger } from '../../base/logger.ts'
import { messageOf } from '../../base/message-of.ts'
import type { Metrics } from '../../base/metrics.ts'
import { KubeconfigError, loadKubeconfig } from '../../client/https/kubeconfig.ts'
import { FlagError } from '../components/flags/parse-flags.ts'
import type { AuditDelivery, AuditLogOptions, AuditOptions, AuditWebhookOptions } from './audit-options.ts'
import { readAuditPolicy } from './audit-policy-file.ts'
import { RotatingFile } from './rotating-file.ts'
import { standardOutput } from './standard-output.ts'

export interface AuditSetup {
  readonly host: Host
  readonly logger: Logger
  readonly metrics: Metrics
  readonly options: AuditOptions
}

export interface StartedAudit {
  readonly audit: Audit
  /** Once no more requests come. */
  stop(): Promise<void>
}

interface Parts extends AuditSetup {
  readonly counts: AuditMetrics
}

function delivered({ host, counts }: Parts, backend: AuditBackend, delivery: AuditDelivery): AuditBackend {
  const { mode, batch, truncate } = delivery
  const sent =
    mode === 'batch'
      ? new BatchingBackend({ ...batch, host, metrics: counts, backend })
      : mode === 'blocking'
        ? forgivingBackend(backend)
        : backend
  return truncate === undefined ? sent : truncatingBackend(sent, truncate, counts)
}

function writerOf({ host, logger }: Parts, log: AuditLogOptions): AuditWriter {
  if (log.path === '-') return standardOutput
  try {
    return new RotatingFile({ ...log, host, logger })
  } catch (error) {
    throw new FlagError(`ensureLogFile: ${messageOf(error)}`)
  }
}

function webhookOf({ host, counts, metrics }: Parts, webhook: AuditWebhookOptions): AuditBackend {
  try {
    const { server: url, namespace: _namespace, ...trust } = loadKubeconfig(webhook.file)
    const { initialBackoffMs } = webhook
    const caller = new HttpsCaller(trust, metrics)
    return webhookBackend({ host, caller, url, metrics: counts, initialBackoffMs })
  } catch (error) {
    if (!(error instanceof KubeconfigError)) throw error
    throw new FlagError(`initializing audit webhook: ${error.message}`)
  }
}

/** Undefined where there is nobody to tell. Throws FlagError in upstream's words. */
export function startAudit(setup: AuditSetup): StartedAudit | undefined {
  const { host, logger, metrics, options } = setup
  const { policy, warnings } = readAuditPolicy(options.policyFile)
  if (warnings.length > 0) logger.warn('the audit policy has fields that are passed over', { warnings })
  const { log, webhook } = options
  if (log === undefined && webhook === undefined) return undefined
  const counts = new AuditMetrics(metrics, logger)
  const parts = { ...setup, counts }
  const backends: AuditBackend[] = []
  if (log !== undefined) {
    const written = new LogBackend({
      ...{ writer: writerOf(parts, log), format: log.format, metrics: counts },
      // Who is refused where that fails has to know of each line at once.
      ...(log.delivery.mode === 'blocking-strict' ? {} : { host }),
    })
    backends.push(delivered(parts, written, log.delivery))
  }
  if (webhook !== undefined) backends.push(delivered(parts, webhookOf(parts, webhook), webhook.delivery))
  const backend = unionBackend(backends)
  return {
    audit: new Auditing({ host, logger, metrics: counts, policy: policyEvaluator(policy), backend }),
    stop: () => backend.stop(),
  }
}
