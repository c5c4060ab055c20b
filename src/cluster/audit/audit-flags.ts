import { auditLogFormats } from '../../apiserver/audit/log-backend.ts'
import { boolean, duration, float, int, path, text } from '../components/flags/flag-types.ts'

/** What becomes of requests while their events are written. */
export const auditModes = ['batch', 'blocking', 'blocking-strict'] as const
export type AuditMode = (typeof auditModes)[number]

const defaultBufferSize = 10_000
const onlyBatch = 'Only in batch mode.'

const modeUsage = `When requests wait for their events. One of: ${auditModes.join(', ')}.`
const eventUsage =
  'In bytes; of a larger event the objects are left out, and it is dropped if that is not enough.'

/** Upstream's defaults: the log is written while requests wait, the webhook is sent batches. */
export const auditFlags = {
  'audit-policy-file': path('File of kind Policy of audit.k8s.io/v1: what is audited.'),
  'audit-log-path': path('File that audit events are written to; - is standard output.'),
  'audit-log-maxage': int('Days that old audit log files are kept; 0: for ever.', 366),
  'audit-log-maxbackup': int('Old audit log files that are kept; 0: all.', 100),
  'audit-log-maxsize': int('Megabytes of an audit log file before it is rotated; 0: it never is.', 100),
  'audit-log-compress': boolean('Rotated files are compressed with gzip.', false),
  'audit-log-format': text(`How events are written: ${auditLogFormats.join(', ')}.`, 'json'),
  'audit-log-version': text('API version of the events.', 'audit.k8s.io/v1'),
  'audit-log-mode': text(modeUsage, 'blocking'),
  'audit-log-batch-buffer-size': int(`Events that may wait. ${onlyBatch}`, defaultBufferSize),
  'audit-log-batch-max-size': int(`Events of a batch. ${onlyBatch}`, 1),
  'audit-log-batch-max-wait': duration(`How long a batch waits to be full. ${onlyBatch}`, 0),
  'audit-log-batch-throttle-enable': boolean(`Batches are throttled. ${onlyBatch}`, false),
  'audit-log-batch-throttle-qps': float(`Batches in a second. ${onlyBatch}`, 0),
  'audit-log-batch-throttle-burst': int(`Batches at once. ${onlyBatch}`, 0),
  'audit-log-truncate-enabled': boolean('Large events and batches are made smaller.', false),
  'audit-log-truncate-max-batch-size': int('In bytes; larger batches are split.', 10 * 2 ** 20),
  'audit-log-truncate-max-event-size': int(eventUsage, 100 * 2 ** 10),
  'audit-webhook-config-file': path('Kubeconfig of the server that audit events are sent to.'),
  'audit-webhook-initial-backoff': duration('Before the second attempt to send a batch.', 10_000),
  'audit-webhook-version': text('API version of the events.', 'audit.k8s.io/v1'),
  'audit-webhook-mode': text(modeUsage, 'batch'),
  'audit-webhook-batch-buffer-size': int(`Events that may wait. ${onlyBatch}`, defaultBufferSize),
  'audit-webhook-batch-max-size': int(`Events of a batch. ${onlyBatch}`, 400),
  'audit-webhook-batch-max-wait': duration(`How long a batch waits to be full. ${onlyBatch}`, 30_000),
  'audit-webhook-batch-throttle-enable': boolean(`Batches are throttled. ${onlyBatch}`, true),
  'audit-webhook-batch-throttle-qps': float(`Batches in a second. ${onlyBatch}`, 10),
  'audit-webhook-batch-throttle-burst': int(`Batches at once. ${onlyBatch}`, 15),
  'audit-webhook-truncate-enabled': boolean('Large events and batches are made smaller.', false),
  'audit-webhook-truncate-max-batch-size': int('In bytes; larger batches are split.', 10 * 2 ** 20),
  'audit-webhook-truncate-max-event-size': int(eventUsage, 100 * 2 ** 10),
}
