import { StatusError, statusError } from '../../apimachinery/status-error.ts'
import type { Host } from '../../base/host.ts'
import type { Logger } from '../../base/logger.ts'
import { messageOf } from '../../base/message-of.ts'
import type { Filter } from '../filter.ts'
import type { ServerMetrics } from '../metrics/server-metrics.ts'
import type { ObjectEncoder } from '../represent/object-encoder.ts'
import type { ServerRequest } from '../request.ts'
import { type ObjectResponse, objectResponse, type ServerResponse } from '../response.ts'
import { whenEnded } from '../when-ended.ts'
import { isLongRunning } from './long-running.ts'
import { logSlow, slowMs } from './slow-request.ts'

export interface RecoverOptions {
  readonly host: Host
  readonly logger: Logger
  readonly metrics: ServerMetrics
  readonly encoder: ObjectEncoder
}

/** What a thrown thing is to the client; anything but a StatusError is a defect, and logged. */
export function errorResponse(error: unknown, request: ServerRequest, logger: Logger): ObjectResponse {
  const status = error instanceof StatusError ? error : unexpected(error, request, logger)
  const retry = status.status.details?.retryAfterSeconds ?? 0
  return objectResponse(status.status, status.code, retry > 0 ? { 'retry-after': String(retry) } : undefined)
}

function unexpected(error: unknown, request: ServerRequest, logger: Logger): StatusError {
  const { method, path } = request
  logger.error('a request has failed unexpectedly', { error, method, path })
  return statusError('', messageOf(error))
}

/** Counts an answer once all of it is on its way. */
function counted(
  { host, logger, metrics }: RecoverOptions,
  request: ServerRequest,
  response: ServerResponse,
): ServerResponse {
  const note = (code: number, bytes?: number): void => {
    const durationMs = host.monotonicMs() - request.startedMs
    metrics.answered(request, code, durationMs, bytes)
    if (durationMs > slowMs) logSlow(logger, request, code, durationMs)
  }
  switch (response.type) {
    case 'object':
      note(response.status)
      return response
    case 'bytes': {
      let bytes = 0
      for (const chunk of response.chunks) bytes += chunk.length
      note(response.status, bytes)
      return response
    }
    default: {
      // Watches count themselves: nobody is to stand between them and their clients.
      if (request.info.verb === 'watch') return response
      const ended = isLongRunning(request) ? metrics.longRunning(request) : undefined
      return whenEnded(request, response, (bytes) => {
        ended?.()
        note(response.type === 'upgrade' ? 101 : response.status, bytes)
      })
    }
  }
}

/**
 * Outermost: whatever is thrown becomes a Status, objects become bytes where the client wants bytes, and every
 * answer is counted.
 */
export function recoverFilter(options: RecoverOptions): Filter {
  const { logger, encoder } = options
  return async (request, next) => {
    let response: ServerResponse
    try {
      response = await next(request)
    } catch (error) {
      response = errorResponse(error, request, logger)
    }
    if (response.type === 'object' && !request.source.wantsObjects) {
      try {
        response = encoder.encode(request, response)
      } catch (error) {
        response = encoder.encodeJson(request, errorResponse(error, request, logger))
      }
    }
    return request.isRouted ? counted(options, request, response) : response
  }
}
