import { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import { expect, test } from 'vitest'
import { AnswerCache } from '../../../base/answer-cache.ts'
import { silentLogger } from '../../../base/logger.ts'
import { createClient } from '../../../client/create-client.ts'
import { FakeApi } from '../../../client/testing/fake-api.ts'
import { testHost } from '../../../client/testing/test-host.ts'
import { type DelegatedAccessOptions, delegatedAccess } from './delegated-access.ts'

const attributes = { verb: 'get', subresources: ['pods', 'proxy'], path: '/pods' }
const user = { name: 'jane', groups: ['dev'] }

const request = (token?: string): IncomingMessage => {
  const message = new IncomingMessage(new Socket())
  if (token !== undefined) message.headers.authorization = `Bearer ${token}`
  return message
}

/** Who `jane` is and that she may `proxy` is what the API says; `asked` are its questions. */
function setUp(more: Partial<DelegatedAccessOptions>) {
  const host = testHost()
  const asked: string[] = []
  const api = new FakeApi(host)
  const client = createClient({
    ...{ watch: api.watch.bind(api), close: () => api.close() },
    request: async ({ body }) => {
      const { kind, spec } = JSON.parse(JSON.stringify(body))
      asked.push(kind === 'TokenReview' ? spec.token : `${spec.user} ${spec.resourceAttributes.subresource}`)
      const known = { authenticated: spec.token === 'jane', user: { username: 'jane', groups: ['dev'] } }
      const status = { ...known, allowed: spec.resourceAttributes?.subresource === 'proxy' }
      return { status: 201, body: { kind, status }, warnings: [] }
    },
  })
  const given = { host, logger: silentLogger, client, nodeName: 'n1', anonymous: false }
  return { host, asked, access: delegatedAccess({ ...given, ...more }) }
}

test('delegatedAccess() knows nobody without a credential, unless it may be anonymous', async () => {
  expect(await setUp({}).access.authenticate?.(request())).toBeUndefined()
  const anonymous = { name: 'system:anonymous', groups: ['system:unauthenticated'] }
  expect(await setUp({ anonymous: true }).access.authenticate?.(request('passed over'))).toEqual(anonymous)
  const { access } = setUp({ anonymous: true, tokenLifeMs: 1000 })
  expect(await access.authenticate?.(request('wrong'))).toBeUndefined()
})

test('delegatedAccess() asks about a token once for as long as the answer counts', async () => {
  const { host, asked, access } = setUp({ tokenLifeMs: 1000 })
  const ask = () => access.authenticate?.(request('jane'))
  expect(await Promise.all([ask(), ask()])).toEqual([user, user])
  await ask()
  expect(asked).toEqual(['jane'])
  await host.advance(1000)
  await ask()
  expect(asked).toEqual(['jane', 'jane'])
})

test('delegatedAccess() asks for each subresource until one is allowed, and remembers a no for less long', async () => {
  const authorization = { allowedLifeMs: 5000, deniedLifeMs: 1000 }
  const { host, asked, access } = setUp({ authorization })
  expect(await access.authorize(user, attributes)).toBe(true)
  expect(await access.authorize(user, { ...attributes, subresources: ['metrics'] })).toBe(false)
  expect(asked.splice(0)).toEqual(['jane pods', 'jane proxy', 'jane metrics'])
  await host.advance(1000)
  expect(await access.authorize(user, attributes)).toBe(true)
  expect(asked).toEqual(['jane pods'])
  expect(await setUp({}).access.authorize(user, attributes)).toBe(true)
})

test('AnswerCache forgets failures, and never keeps large questions', async () => {
  const cache = new AnswerCache<number>(testHost(), 2)
  let asked = 0
  const ask = async (): Promise<number> => {
    if (++asked === 1) throw new Error('down')
    return asked
  }
  await expect(cache.get('a', ask, () => 10)).rejects.toThrow('down')
  expect(await cache.get('a', ask, () => 10)).toBe(2)
  expect(await cache.get('a', ask, () => 10)).toBe(2)
  const large = 'x'.repeat(10_001)
  expect(await cache.get(large, ask, () => 10)).toBe(3)
  expect(await cache.get(large, ask, () => 10)).toBe(4)
})
