import { createHmac } from 'node:crypto'
import { expect, test } from 'vitest'
import { hmacSha256 } from './hmac.ts'
import { realHost } from './host/real-host.ts'

test.each([
  ['key', 'The quick brown fox'],
  ['', ''],
  ['k'.repeat(200), 'x'.repeat(1_000)],
])('hmacSha256() is what the machine’s library computes: row %#', (key, data) => {
  const wanted = createHmac('sha256', key).update(data).digest()
  const encoder = new TextEncoder()
  expect(Buffer.from(hmacSha256(realHost, encoder.encode(key), encoder.encode(data)))).toEqual(wanted)
})
