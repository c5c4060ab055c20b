import { beforeEach, describe, expect, it } from 'vitest'
import { testHost } from '../../client/testing/test-host.ts'
import { FakeReader } from '../testing/fake-reader.ts'
import { BootstrapTokens } from './bootstrap-tokens.ts'

const base64 = (text: string): string => Buffer.from(text).toString('base64')
const good = {
  'token-id': 'abcdef',
  'token-secret': '0123456789abcdef',
  'usage-bootstrap-authentication': 'true',
}

let reader: FakeReader
let tokens: BootstrapTokens
beforeEach(() => {
  reader = new FakeReader()
  tokens = new BootstrapTokens(testHost(), reader)
})

function put(data: Readonly<Record<string, string>>, more: object = {}, metadata: object = {}): void {
  const encoded = Object.fromEntries(Object.entries(data).map(([key, text]) => [key, base64(text)]))
  reader.put('secrets', {
    metadata: { namespace: 'kube-system', name: 'bootstrap-token-abcdef', ...metadata },
    ...{ type: 'bootstrap.kubernetes.io/token', data: encoded, ...more },
  })
}

const token = 'abcdef.0123456789abcdef'

describe('BootstrapTokens', () => {
  it('knows tokens of Secrets, with the groups that they add', () => {
    put({ ...good, 'auth-extra-groups': 'system:bootstrappers:workers,system:bootstrappers:a' })
    expect(tokens.authenticateToken(token)?.user).toEqual({
      name: 'system:bootstrap:abcdef',
      groups: ['system:bootstrappers', 'system:bootstrappers:a', 'system:bootstrappers:workers'],
    })
  })

  it.each<[what: string, () => void]>([
    ['nobody has', () => {}],
    ['ends otherwise', () => put({ ...good, 'token-secret': '0123456789abcdee' })],
    ['is of another id', () => put({ ...good, 'token-id': 'abcdeg' })],
    ['may not authenticate', () => put({ ...good, 'usage-bootstrap-authentication': 'false' })],
    ['has expired', () => put({ ...good, expiration: '1969-12-31T00:00:00Z' })],
    ['expires nobody knows when', () => put({ ...good, expiration: 'soon' })],
    ['would give any group', () => put({ ...good, 'auth-extra-groups': 'system:masters' })],
    ['is in a Secret of another type', () => put(good, { type: 'Opaque' })],
    ['is in a Secret that goes', () => put(good, {}, { deletionTimestamp: '2026-01-01T00:00:00Z' })],
    ['is in another namespace', () => put(good, {}, { namespace: 'default' })],
  ])('does not know a token that %s', (_what, prepare) => {
    prepare()
    expect(tokens.authenticateToken(token)).toBeUndefined()
  })

  it.each(['abcdef.0123', 'ABCDEF.0123456789abcdef', 'abcdef.0123456789abcdef.x', ''])(
    'passes over %j',
    (text) => {
      put(good)
      expect(tokens.authenticateToken(text)).toBeUndefined()
    },
  )
})
