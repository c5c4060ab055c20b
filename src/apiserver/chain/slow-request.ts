import type { Logger } from '../../base/logger.ts'
import type { ServerRequest } from '../request.ts'
import { isLongRunning } from './long-running.ts'

/** Upstream's, for what it traces. */
export const slowMs = 500

/** Of a user agent, as upstream shows it. */
const maxAgentLength = 1024

const rounded = (ms: number): number => Math.round(ms * 1000) / 1000

/** Logs a request of the API that took long, with what is known of its steps. Who it was for is not said, nor its query. */
export function logSlow(logger: Logger, request: ServerRequest, code: number, durationMs: number): void {
  const { info, latencies, path, method } = request
  if (!info.isResourceRequest || isLongRunning(request)) return
  const { group, version, resource, subresource, namespace, name, verb } = info
  logger.info('slow request', {
    ...{ verb, method, url: path, code, group, version, resource, subresource, namespace, name },
    client: request.source.connection.remoteAddress,
    userAgent: request.header('user-agent')?.slice(0, maxAgentLength),
    auditId: request.auditId,
    requestBytes: request.bodyBytes,
    totalMs: rounded(durationMs),
    stepsMs: Object.fromEntries([...latencies].map(([stage, ms]) => [stage, rounded(ms)])),
  })
}
