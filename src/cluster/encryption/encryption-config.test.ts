import { expect, test } from 'vitest'
import { stringify } from 'yaml'
import { encryptionConfig } from './encryption-config.ts'

const secret = Buffer.alloc(32, 1).toString('base64')
const aescbc = { aescbc: { keys: [{ name: 'one', secret }] } }
const kms = { kms: { apiVersion: 'v2', name: 'p', endpoint: 'unix:///run/kms.sock' } }

const read = (resources: unknown) =>
  encryptionConfig(
    stringify({ apiVersion: 'apiserver.config.k8s.io/v1', kind: 'EncryptionConfiguration', resources }),
    'file',
  )

test('encryptionConfig() reads providers in their order', () => {
  expect(
    read([
      {
        resources: ['secrets', '*.apps'],
        providers: [aescbc, { kms: { ...kms.kms, timeout: '5s' } }, { identity: {} }],
      },
    ]),
  ).toEqual([
    {
      resources: ['secrets', '*.apps'],
      providers: [
        { type: 'aescbc', keys: [{ name: 'one', secret: new Uint8Array(32).fill(1) }] },
        { type: 'kms', name: 'p', endpoint: 'unix:///run/kms.sock', timeoutMs: 5000 },
        { type: 'identity' },
      ],
    },
  ])
})

test.each([
  [
    [{ resources: ['secrets'], providers: [] }],
    'resources[0].providers: Required value: at least one provider is required',
  ],
  [
    [
      {
        resources: ['secrets'],
        providers: [{ aescbc: { keys: [{ name: 'a', secret: 'dG9wLXNlY3JldA==' }] } }],
      },
    ],
    'resources[0].providers[0].aescbc.keys[0].secret: Invalid value: "REDACTED": secret is not of the expected length, got 10, expected one of [16 24 32]',
  ],
  [
    [{ resources: ['secrets'], providers: [{ aesgcm: { keys: [{ name: 'a', secret: 'no base64' }] } }] }],
    'resources[0].providers[0].aesgcm.keys[0].secret: Invalid value: "REDACTED": secrets must be base64 encoded',
  ],
  [
    [{ resources: ['secrets'], providers: [{ ...aescbc, identity: {} }] }],
    'resources[0].providers[0]: Invalid value: more than one provider specified in a single element, should split into different list elements',
  ],
  [
    [{ resources: ['*'], providers: [aescbc] }],
    `resources[0].resources[0]: Invalid value: "*": use '*.' to encrypt all the resources from core API group or *.* to encrypt all resources`,
  ],
  [
    [{ resources: ['secrets', '*.'], providers: [aescbc] }],
    `resources[0].resources[0]: Invalid value: "secrets": using overlapping resources such as 'secrets' and '*.' in the same resource list is not allowed as they will be masked`,
  ],
  [
    [{ resources: ['secrets'], providers: [kms, kms] }],
    'duplicate KMS provider name p, names must be unique',
  ],
  [
    [{ resources: ['secrets'], providers: [{ kms: { ...kms.kms, endpoint: 'http://a' } }] }],
    'resources[0].providers[0].kms.endpoint: Invalid value: "http://a": unsupported scheme "http" for KMS provider, only unix is supported',
  ],
])('encryptionConfig() refuses %j', (resources, message) => {
  expect(() => read(resources)).toThrow(message)
})
