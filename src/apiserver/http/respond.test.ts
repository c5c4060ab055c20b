import { Writable } from 'node:stream'
import { gunzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import type { ServerResponse } from '../response.ts'
import { fakeRequest } from '../testing/fake-request.ts'
import type { OpenSink, Outgoing, OutgoingHeaders } from './outgoing.ts'
import { respond } from './respond.ts'
import { TurnBatcher } from './turn-batcher.ts'

/** Notes what is said, and in which order. */
class NotedOutgoing implements Outgoing {
  readonly said: string[] = []
  readonly sent = Promise.withResolvers<readonly Uint8Array[]>()
  closed = false

  onClose(): void {}

  send(status: number, headers: OutgoingHeaders, chunks: readonly Uint8Array[]): void {
    this.said.push(`send ${status} ${String(headers['content-encoding'])}`)
    this.sent.resolve(chunks)
  }

  head(): void {
    this.said.push('head')
  }

  sink(): OpenSink {
    throw new Error('no sink')
  }

  writable(): Writable {
    return new Writable({ write: (_chunk, _encoding, done) => done(), final: () => this.sent.resolve([]) })
  }

  destroy(): void {
    this.said.push('destroy')
  }
}

const context = { batcher: new TurnBatcher(), watches: new Set<OpenSink>() }
const text = 'kubernetes '.repeat(60_000)
const response: ServerResponse = {
  ...{ type: 'bytes', status: 200, contentType: 'text/plain' },
  chunks: [text.slice(0, 400_000), text.slice(400_000)].map((part) => new TextEncoder().encode(part)),
}
const asking = (method: string) =>
  fakeRequest({ method, target: '/openapi/v3', headers: { 'accept-encoding': 'gzip' } })

test('respond() says nothing of a compressed body before it has the whole', async () => {
  const outgoing = new NotedOutgoing()
  respond(outgoing, asking('GET'), response, context)
  const body = Buffer.concat(await outgoing.sent.promise)
  expect(outgoing.said).toEqual(['send 200 gzip'])
  expect(gunzipSync(body).toString()).toBe(text)
})

test('respond() has no body for who asks for the head, and nothing for who has gone', async () => {
  const head = new NotedOutgoing()
  respond(head, asking('HEAD'), response, context)
  expect(await head.sent.promise).toEqual([])
  const gone = new NotedOutgoing()
  respond(gone, asking('GET'), response, context)
  gone.closed = true
  const after = new NotedOutgoing()
  respond(after, asking('GET'), response, context)
  await after.sent.promise
  expect(gone.said).toEqual([])
})
