import type { auditFlags } from '../../audit/audit-flags.ts'
import type { flagFiles } from './flag-files.ts'
import type { FlagRow } from './flag-rows.ts'

type Rows = Readonly<Partial<Record<keyof typeof auditFlags, FlagRow>>>

function logRows(policy: string): Rows {
  const log = [policy, '--audit-log-path=log', '--audit-log-mode=batch', '--audit-log-truncate-enabled']
  const throttled = ['--audit-log-batch-throttle-qps=5', '--audit-log-batch-throttle-burst=5']
  return {
    'audit-log-path': ['x', 'audit.log.path', 'x', policy],
    'audit-log-maxage': ['77', 'audit.log.maxAgeDays', 77, ...log],
    'audit-log-maxbackup': ['77', 'audit.log.maxBackups', 77, ...log],
    'audit-log-maxsize': ['7', 'audit.log.maxBytes', 7 * 2 ** 20, ...log],
    'audit-log-compress': ['true', 'audit.log.compress', true, ...log],
    'audit-log-format': ['legacy', 'audit.log.format', 'legacy', ...log],
    'audit-log-mode': ['blocking-strict', 'audit.log.delivery.mode', 'blocking-strict', ...log],
    'audit-log-batch-buffer-size': ['777', 'audit.log.delivery.batch.bufferSize', 777, ...log],
    'audit-log-batch-max-size': ['77', 'audit.log.delivery.batch.maxBatchSize', 77, ...log],
    'audit-log-batch-max-wait': ['77s', 'audit.log.delivery.batch.maxWaitMs', 77_000, ...log],
    'audit-log-batch-throttle-enable': [
      'true',
      'audit.log.delivery.batch.throttle',
      { qps: 5, burst: 5 },
      ...[...throttled, ...log],
    ],
    'audit-log-batch-throttle-qps': [
      '7',
      'audit.log.delivery.batch.throttle.qps',
      7,
      ...['--audit-log-batch-throttle-enable', ...throttled, ...log],
    ],
    'audit-log-batch-throttle-burst': [
      '7',
      'audit.log.delivery.batch.throttle.burst',
      7,
      ...['--audit-log-batch-throttle-enable', ...throttled, ...log],
    ],
    'audit-log-truncate-enabled': ['false', 'audit.log.delivery.truncate', undefined, ...log],
    'audit-log-truncate-max-batch-size': [
      '777777',
      'audit.log.delivery.truncate.maxBatchBytes',
      777_777,
      ...log,
    ],
    'audit-log-truncate-max-event-size': ['7777', 'audit.log.delivery.truncate.maxEventBytes', 7_777, ...log],
  }
}

function webhookRows(policy: string, kubeconfig: string): Rows {
  const sent = [policy, `--audit-webhook-config-file=${kubeconfig}`, '--audit-webhook-truncate-enabled']
  return {
    'audit-webhook-config-file': [kubeconfig, 'audit.webhook.delivery.mode', 'batch', policy],
    'audit-webhook-initial-backoff': ['77s', 'audit.webhook.initialBackoffMs', 77_000, ...sent],
    'audit-webhook-mode': ['blocking', 'audit.webhook.delivery.mode', 'blocking', ...sent],
    'audit-webhook-batch-buffer-size': ['777', 'audit.webhook.delivery.batch.bufferSize', 777, ...sent],
    'audit-webhook-batch-max-size': ['77', 'audit.webhook.delivery.batch.maxBatchSize', 77, ...sent],
    'audit-webhook-batch-max-wait': ['77s', 'audit.webhook.delivery.batch.maxWaitMs', 77_000, ...sent],
    'audit-webhook-batch-throttle-enable': [
      'false',
      'audit.webhook.delivery.batch.throttle',
      undefined,
      ...sent,
    ],
    'audit-webhook-batch-throttle-qps': ['7', 'audit.webhook.delivery.batch.throttle.qps', 7, ...sent],
    'audit-webhook-batch-throttle-burst': ['7', 'audit.webhook.delivery.batch.throttle.burst', 7, ...sent],
    'audit-webhook-truncate-enabled': ['false', 'audit.webhook.delivery.truncate', undefined, ...sent],
    'audit-webhook-truncate-max-batch-size': [
      '777777',
      'audit.webhook.delivery.truncate.maxBatchBytes',
      777_777,
      ...sent,
    ],
    'audit-webhook-truncate-max-event-size': [
      '7777',
      'audit.webhook.delivery.truncate.maxEventBytes',
      7_777,
      ...sent,
    ],
  }
}

/** What flags of auditing do, one by one. */
export function auditFlagRows({
  file,
  kubeconfig,
}: Pick<ReturnType<typeof flagFiles>, 'file' | 'kubeconfig'>): Rows {
  const policy = `--audit-policy-file=${file('policy', '')}`
  return {
    'audit-policy-file': ['x', 'audit.policyFile', 'x', '--audit-log-path=log'],
    ...logRows(policy),
    ...webhookRows(policy, kubeconfig),
  }
}
