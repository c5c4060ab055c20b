import { pino, stdSerializers, stdTimeFunctions } from 'pino'
import type { LogFields, Logger } from '../logger.ts'

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent'

export interface LoggerOptions {
  /** `info` when absent. */
  readonly level?: LogLevel
  /** A file descriptor or a path that is appended to; standard error when absent. */
  readonly destination?: number | string
}

type PinoLogger = ReturnType<typeof pino>

const adapt = (target: PinoLogger): Logger => ({
  debug: (message, fields) => target.debug(fields, message),
  info: (message, fields) => target.info(fields, message),
  warn: (message, fields) => target.warn(fields, message),
  error: (message, fields) => target.error(fields, message),
  child: (fields: LogFields) => adapt(target.child(fields)),
})

/** What a server answered tells all by its words; for everything else the place where it happened is needed. */
function loggedError(error: unknown): unknown {
  if (!(error instanceof Error)) return error
  return error.name === 'StatusError'
    ? { type: error.name, message: error.message }
    : stdSerializers.err(error)
}

/** One JSON object a line, written before the call returns, so that a crash loses nothing. */
export function createLogger(options: LoggerOptions = {}): Logger {
  const destination = pino.destination({ dest: options.destination ?? 2, sync: true, mkdir: true })
  return adapt(
    pino(
      {
        level: options.level ?? 'info',
        base: null,
        timestamp: stdTimeFunctions.isoTime,
        formatters: { level: (label) => ({ level: label }) },
        serializers: { error: loggedError },
      },
      destination,
    ),
  )
}
