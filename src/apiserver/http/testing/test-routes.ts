import { StatusError } from '../../../apimachinery/status-error.ts'
import type { ByteSink } from '../../../base/byte-sink.ts'
import type { Handler } from '../../filter.ts'
import type { ServerRequest } from '../../request.ts'
import { type ServerResponse, textResponse } from '../../response.ts'

const encoder = new TextEncoder()
/** Of the watches that are open, the newest last. */
export const sinks: ByteSink[] = []

const routes: Record<string, (request: ServerRequest) => Promise<ServerResponse> | ServerResponse> = {
  '/echo': async (request) => {
    const body = await request.source.readBody()
    const bytes = body.type === 'bytes' ? body.bytes : encoder.encode('object')
    return { type: 'bytes', status: 201, contentType: 'application/octet-stream', chunks: [bytes] }
  },
  '/warn': (request) => {
    request.warn('say "hi"')
    request.warn('zwölf – second')
    return textResponse('ok')
  },
  '/big': () => ({
    type: 'bytes',
    status: 200,
    contentType: 'application/json',
    chunks: Array.from({ length: 3000 }, (_, index) => encoder.encode(`${index}`.padEnd(100, '.'))),
  }),
  '/list': () => ({
    type: 'stream',
    status: 200,
    contentType: 'application/json',
    flushHead: false,
    start: (sink) => {
      let left = 40
      const pump = (): void => {
        while (left-- > 0) {
          if (!sink.write(new Uint8Array(10_000).fill(97))) {
            sink.onDrain(pump)
            return
          }
        }
        sink.end()
      }
      pump()
    },
  }),
  '/patient': ({ query }) => ({
    type: 'stream',
    status: 200,
    contentType: 'application/json',
    flushHead: false,
    start: (sink) => {
      let left = Number(query.get('pieces'))
      const next = (): void => {
        if (left-- > 0) sink.write(new Uint8Array(100).fill(97), () => setImmediate(next))
        else sink.end()
      }
      next()
    },
  }),
  '/watch': () => ({
    type: 'stream',
    status: 200,
    contentType: 'application/json',
    flushHead: true,
    start: (sink) => {
      sinks.push(sink)
      sink.write(encoder.encode('{"type":"ADDED"}\n{"type":'))
      sink.write(encoder.encode('"MODIFIED"}\n'))
    },
  }),
  '/shell': () => ({
    type: 'upgrade',
    headers: { connection: 'Upgrade', upgrade: 'test' },
    start: async ({ readable, sink }) => {
      for await (const bytes of readable) sink.write(bytes)
      sink.end()
    },
  }),
  '/hang': () => new Promise(() => {}),
  '/who': (request) => {
    const { clientCertificate, certificateError } = request.source.connection
    return textResponse(clientCertificate?.signedBy.join() ?? certificateError ?? 'nobody')
  },
  '/a b': (request) =>
    textResponse(`${request.query.get('x')} ${request.source.headerValues('impersonate-group')}`),
}

/** Answers each path in another way. */
export const handler: Handler = async (request) => {
  try {
    return (await routes[request.path]?.(request)) ?? textResponse('404 page not found', 404)
  } catch (error) {
    if (error instanceof StatusError) return textResponse(error.message, error.code)
    throw error
  }
}
