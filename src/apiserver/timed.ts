import type { Host } from '../base/host.ts'
import type { LatencyStage, ServerRequest } from './request.ts'

/** The work as it is; auditors, where there are some, learn how long it took. */
export function timed<T>(
  host: Host,
  request: ServerRequest,
  stage: LatencyStage,
  work: Promise<T>,
): Promise<T> {
  if (request.audit === undefined) return work
  const startedMs = host.monotonicMs()
  return work.finally(() => request.took(stage, host.monotonicMs() - startedMs))
}
