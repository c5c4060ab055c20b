import type { Status } from '../../apimachinery/meta.ts'
import type { StreamOutcome } from '../runtime/runtime.ts'

function statusOf(outcome: StreamOutcome): Status {
  if (outcome.kind === 'failed') {
    return {
      metadata: {},
      status: 'Failure',
      message: outcome.message,
      reason: 'InternalError',
      details: { causes: [{ message: outcome.message }] },
      code: 500,
    }
  }
  const { exitCode } = outcome
  if (exitCode === 0) return { metadata: {}, status: 'Success' }
  return {
    metadata: {},
    status: 'Failure',
    message: `command terminated with non-zero exit code: exit code ${exitCode}`,
    reason: 'NonZeroExitCode',
    details: { causes: [{ reason: 'ExitCode', message: String(exitCode) }] },
  }
}

/** What the error channel of an exec or attach says at the end: a Status where it is `structured`; else in words what went wrong, and nothing where nothing did. */
export function lastWords(outcome: StreamOutcome, structured: boolean): string | undefined {
  const status = statusOf(outcome)
  if (structured) return JSON.stringify(status)
  return status.status === 'Success' ? undefined : (status.message ?? '')
}
