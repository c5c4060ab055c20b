import type { Status } from '../../apimachinery/meta.ts'
import type { StreamOutcome } from '../runtime/runtime.ts'

/** What the error channel of an exec or attach says at the end. */
export function streamStatus(outcome: StreamOutcome): Status {
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
