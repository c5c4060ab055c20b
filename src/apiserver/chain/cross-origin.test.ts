import { expect, test } from 'vitest'
import { type ServerResponse, textResponse } from '../response.ts'
import { fakeRequest } from '../testing/fake-request.ts'
import { crossOriginComplaint, crossOriginFilter } from './cross-origin.ts'

const filter = crossOriginFilter(['^https://console\\.example\\.com(:\\d+)?$'])
const next = async (): Promise<ServerResponse> => textResponse('secret')
const ask = async (origin: string | undefined, method = 'GET') => {
  const headers = origin === undefined ? {} : { origin }
  const response = await filter(fakeRequest({ method, target: '/api', headers }), next)
  if (response.type !== 'bytes') throw new Error(response.type)
  return response
}

test('crossOriginFilter() lets pages of an origin that is allowed read the answer', async () => {
  const { status, headers } = await ask('https://console.example.com:8443')
  expect([status, headers]).toEqual([
    200,
    {
      'access-control-allow-origin': 'https://console.example.com:8443',
      'access-control-allow-methods': 'POST, GET, OPTIONS, PUT, DELETE, PATCH',
      'access-control-allow-headers':
        'Content-Type, Content-Length, Accept-Encoding, X-CSRF-Token, Authorization, X-Requested-With, If-Modified-Since',
      'access-control-expose-headers': 'Date',
      'access-control-allow-credentials': 'true',
    },
  ])
})

test('crossOriginFilter() answers what browsers ask before a request, and asks nobody', async () => {
  const { status, headers, chunks } = await ask('https://console.example.com', 'OPTIONS')
  expect([status, headers?.['access-control-allow-credentials']]).toEqual([204, 'true'])
  expect(Buffer.concat(chunks).length).toBe(0)
})

test.each([undefined, 'https://console.example.com.evil.org', 'http://console.example.com'])(
  'crossOriginFilter() says nothing to %s',
  async (origin) => {
    expect((await ask(origin)).headers).toBeUndefined()
    expect((await ask(origin, 'OPTIONS')).status).toBe(200)
  },
)

test.each([
  ['^https://example\\.com$', undefined],
  ['//example\\.com(:|$)', undefined],
  ['example.com', 'regular expression does not pin to start/end of host in the origin header'],
  ['^(', 'error parsing regexp: missing closing ): `^(`'],
])('crossOriginComplaint() of %s', (pattern, complaint) => {
  expect(crossOriginComplaint(pattern)).toBe(complaint)
})
