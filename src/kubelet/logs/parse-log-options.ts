import { badRequest } from '../../apimachinery/status-error.ts'
import { parseTime } from '../../apimachinery/time.ts'
import type { LogOptions } from './log-options.ts'

const isTrue = (value: string | null): boolean => value === 'true' || value === '1'

function whole(query: URLSearchParams, name: string, least: number): number | undefined {
  const text = query.get(name)
  if (text === null || text === '') return undefined
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < least) {
    throw badRequest(
      `${name}: Invalid value: ${JSON.stringify(text)}: must be greater than or equal to ${least}`,
    )
  }
  return value
}

/** Log options under the names that clients send them with. Throws a BadRequest for what is none. */
export function parseLogOptions(query: URLSearchParams, nowMs: number): LogOptions {
  const sinceSeconds = whole(query, 'sinceSeconds', 1)
  const sinceTime = query.get('sinceTime')
  const sinceMs =
    sinceSeconds !== undefined
      ? nowMs - sinceSeconds * 1000
      : sinceTime !== null && sinceTime !== ''
        ? parseTime(sinceTime)
        : undefined
  const tailLines = whole(query, 'tailLines', 0)
  const limitBytes = whole(query, 'limitBytes', 1)
  const stream = query.get('stream')?.toLowerCase()
  return {
    follow: isTrue(query.get('follow')),
    previous: isTrue(query.get('previous')),
    timestamps: isTrue(query.get('timestamps')),
    ...(sinceMs === undefined ? {} : { sinceMs }),
    ...(tailLines === undefined ? {} : { tailLines }),
    ...(limitBytes === undefined ? {} : { limitBytes }),
    ...(stream === 'stdout' || stream === 'stderr' ? { stream } : {}),
  }
}
