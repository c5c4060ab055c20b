import { expect, test } from 'vitest'
import { fakeRequest } from '../testing/fake-request.ts'
import { preconditionOf } from './preconditions.ts'

const changedMs = Date.UTC(2026, 0, 2)
const dayMs = 86_400_000
const before = new Date(changedMs - dayMs).toUTCString()
const same = new Date(changedMs).toUTCString()
const after = new Date(changedMs + dayMs).toUTCString()
const etag = '"a"'

test.each<[Record<string, string>, number, boolean?]>([
  [{}, 200],
  [{ 'if-match': '"x", "a"' }, 200],
  [{ 'if-match': '*' }, 200],
  [{ 'if-match': 'W/"a"' }, 412],
  [{ 'if-match': '"x"', 'if-none-match': '"a"' }, 412],
  [{ 'if-unmodified-since': before }, 412],
  [{ 'if-unmodified-since': same }, 200],
  [{ 'if-unmodified-since': 'some day' }, 200],
  [{ 'if-none-match': 'W/"a"' }, 304],
  [{ 'if-none-match': '"x"', 'if-modified-since': after }, 200],
  [{ 'if-modified-since': same }, 304],
  [{ 'if-modified-since': before }, 200],
  [{ range: 'bytes=0-1' }, 200, true],
  [{ range: 'bytes=0-1', 'if-range': etag }, 200, true],
  [{ range: 'bytes=0-1', 'if-range': '"x"' }, 200, false],
  [{ range: 'bytes=0-1', 'if-range': same }, 200, true],
  [{ range: 'bytes=0-1', 'if-range': after }, 200, false],
])('preconditionOf(%j) is %i', (headers, status, wantsRange = false) => {
  expect(preconditionOf(fakeRequest({ headers }), etag, changedMs)).toEqual({ status, wantsRange })
})

test('preconditionOf() refuses what is no reading of what the client knows', () => {
  const request = fakeRequest({ method: 'POST', headers: { 'if-none-match': '*' } })
  expect(preconditionOf(request, etag, changedMs).status).toBe(412)
})
