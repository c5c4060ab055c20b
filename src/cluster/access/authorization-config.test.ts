import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { stringify } from 'yaml'
import { authorizationConfig } from './authorization-config.ts'

let folder: string
let kubeConfigFile: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'timonel-authorization-'))
  kubeConfigFile = join(folder, 'webhook.conf')
  const config = {
    clusters: [{ name: 'c', cluster: { server: 'https://hook.test/authorize' } }],
    users: [{ name: 'u', user: { token: 'secret' } }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
  }
  writeFileSync(kubeConfigFile, stringify(config))
})
afterAll(() => rmSync(folder, { recursive: true }))

const webhook = (more: object = {}) => ({
  timeout: '3s',
  subjectAccessReviewVersion: 'v1',
  failurePolicy: 'Deny',
  connectionInfo: { type: 'KubeConfigFile', kubeConfigFile },
  ...more,
})

const config = (authorizers: readonly object[], top: object = {}): string =>
  stringify({
    apiVersion: 'apiserver.config.k8s.io/v1',
    kind: 'AuthorizationConfiguration',
    authorizers,
    ...top,
  })

const complaint = (text: string, wanted: readonly string[] = []): string => {
  try {
    authorizationConfig(text, wanted)
    return ''
  } catch (error) {
    return error instanceof Error ? error.message : ''
  }
}

describe('authorizationConfig()', () => {
  it('reads several webhooks between the others, with defaults', () => {
    const condition = { expression: "request.user != 'admin'" }
    const more = webhook({
      matchConditionSubjectAccessReviewVersion: 'v1',
      matchConditions: [condition],
      authorizedTTL: '1m30s',
      cacheUnauthorizedRequests: false,
    })
    const choices = authorizationConfig(
      config([
        { type: 'Webhook', name: 'first', webhook: more },
        { type: 'Node', name: 'node' },
        { type: 'RBAC', name: 'rbac' },
        { type: 'Webhook', name: 'last', webhook: webhook({ failurePolicy: 'NoOpinion' }) },
      ]),
      ['RBAC', 'Node'],
    )
    expect(choices.map(({ type, name }) => `${type} ${name}`)).toEqual([
      ...['Webhook first', 'Node node', 'RBAC rbac', 'Webhook last'],
    ])
    expect(choices[0]).toMatchObject({
      trust: { token: 'secret' },
      settings: {
        url: 'https://hook.test/authorize',
        timeoutMs: 3_000,
        allowedLifeMs: 90_000,
        deniedLifeMs: 0,
        onFailure: 'deny',
        conditions: [{ text: condition.expression }],
      },
    })
    expect(choices[3]).toMatchObject({ settings: { allowedLifeMs: 300_000, deniedLifeMs: 30_000 } })
  })

  it.each<[what: string, text: () => string, complaint: string]>([
    [
      'nothing',
      () => config([]),
      'authorizers: Required value: at least one authorization mode must be defined',
    ],
    [
      'another kind',
      () => config([], { kind: 'AuthenticationConfiguration' }),
      'expected AuthorizationConfiguration, got AuthenticationConfiguration',
    ],
    [
      'another group',
      () => config([], { apiVersion: 'v1' }),
      'no kind "AuthorizationConfiguration" is registered for version "v1"',
    ],
    [
      'a field that is not there',
      () => config([{ type: 'RBAC', name: 'rbac', wbhook: {} }]),
      'strict decoding error: unknown field "authorizers[0].wbhook"',
    ],
    [
      'an unknown type',
      () => config([{ type: 'Rbac', name: 'rbac' }]),
      'authorizers[0].type: Unsupported value: "Rbac": supported values: "ABAC", "AlwaysAllow", "AlwaysDeny", "Node", "RBAC", "Webhook"',
    ],
    [
      'a type twice',
      () =>
        config([
          { type: 'RBAC', name: 'rbac' },
          { type: 'RBAC', name: 'other' },
        ]),
      'authorizers[1].type: Duplicate value: "RBAC"',
    ],
    [
      'a name twice',
      () =>
        config([
          { type: 'Webhook', name: 'a', webhook: webhook() },
          { type: 'RBAC', name: 'a' },
        ]),
      'authorizers[1].name: Duplicate value: "a"',
    ],
    [
      'another name for what there is one of',
      () => config([{ type: 'RBAC', name: 'roles' }]),
      'expected name rbac for authorizer RBAC instead of roles',
    ],
    [
      'a webhook that is none',
      () => config([{ type: 'RBAC', name: 'rbac', webhook: webhook() }]),
      'authorizers[0].webhook: Invalid value: "non-null": may only be specified when type=Webhook',
    ],
    [
      'a webhook without its settings',
      () => config([{ type: 'Webhook', name: 'a', webhook: {} }]),
      '[authorizers[0].timeout: Required value, authorizers[0].subjectAccessReviewVersion: Required value, authorizers[0].failurePolicy: Required value, authorizers[0].connectionInfo.type: Required value]',
    ],
    [
      'a long timeout and a file that is not there',
      () =>
        config([
          {
            type: 'Webhook',
            name: 'a',
            webhook: webhook({
              timeout: '31s',
              connectionInfo: { type: 'KubeConfigFile', kubeConfigFile: 'relative' },
            }),
          },
        ]),
      '[authorizers[0].timeout: Invalid value: "31s": must be > 0s and <= 30s, authorizers[0].connectionInfo.kubeConfigFile: Invalid value: "relative": must be an absolute path]',
    ],
    [
      'conditions without a version, twice and broken',
      () => {
        const matchConditions = [{ expression: 'true' }, { expression: 'true' }, { expression: ' ' }]
        return config([{ type: 'Webhook', name: 'a', webhook: webhook({ matchConditions }) }])
      },
      '[authorizers[0].matchConditionSubjectAccessReviewVersion: Required value: required if match conditions are specified, authorizers[0].matchConditions[1].expression: Duplicate value: "true", authorizers[0].matchConditions[2].expression: Required value]',
    ],
  ])('refuses %s', (_what, text, expected) => {
    expect(complaint(text())).toBe(expected)
  })

  it('wants what the server has started with', () => {
    const text = config([{ type: 'RBAC', name: 'rbac' }])
    expect(complaint(text, ['RBAC', 'Node', 'ABAC'])).toBe('missing required types: [ABAC Node]')
  })
})
