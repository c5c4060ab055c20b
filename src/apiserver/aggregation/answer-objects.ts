import type { WatchEvent } from '../../apimachinery/meta.ts'
import { statusError } from '../../apimachinery/status-error.ts'
import type { BackendResponse } from '../connect/backend.ts'
import { readText } from '../connect/backend-error.ts'
import type { ServerRequest } from '../request.ts'
import { objectResponse, type ServerResponse } from '../response.ts'

/** An answer that is read whole, and a line of a watch. */
const maxAnswerBytes = 64 * 1024 * 1024

/** Another server's JSON for a client in this process, which takes objects and events. */
export async function answerObjects(
  request: ServerRequest,
  response: BackendResponse,
): Promise<ServerResponse> {
  const isWatch = request.info.verb === 'watch' && response.status === 200
  if (isWatch) return { type: 'events', status: 200, events: eventsOf(response.body) }
  const text = await readText(response.body, maxAnswerBytes)
  try {
    return objectResponse(JSON.parse(text), response.status)
  } catch {
    throw statusError('Unknown', text.trim(), {}, response.status)
  }
}

async function* eventsOf(body: AsyncIterable<Uint8Array>): AsyncGenerator<readonly WatchEvent[]> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of body) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n')
    rest = lines.pop() ?? ''
    if (rest.length > maxAnswerBytes) throw new Error('an event of the watch is too long')
    const events = lines.filter((line) => line !== '').map((line): WatchEvent => JSON.parse(line))
    if (events.length > 0) yield events
  }
}
