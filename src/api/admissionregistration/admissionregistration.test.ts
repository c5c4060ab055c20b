import { expect, test } from 'vitest'
import type { admissionregistration } from '../generated/types/index.ts'
import { created, rejections } from '../testing/rejections.ts'
import { MutatingWebhookConfiguration } from './mutating-webhook-configuration/kind.ts'
import { formatParamRef } from './policy-columns.ts'
import { ValidatingWebhookConfiguration } from './validating-webhook-configuration/kind.ts'

const metadata = { name: 'hooks' }
const hook: admissionregistration.v1.ValidatingWebhook = {
  name: 'a.example.com',
  admissionReviewVersions: ['v1'],
  sideEffects: 'None',
  clientConfig: { service: { name: 's', namespace: 'n' } },
  rules: [{ operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods'] }],
}

test('MutatingWebhookConfiguration.defaults() fails closed and asks once', () => {
  expect(created(MutatingWebhookConfiguration, { metadata, webhooks: [hook] }).webhooks?.[0]).toMatchObject({
    failurePolicy: 'Fail',
    matchPolicy: 'Equivalent',
    namespaceSelector: {},
    objectSelector: {},
    timeoutSeconds: 10,
    reinvocationPolicy: 'Never',
    clientConfig: { service: { port: 443 } },
    rules: [{ scope: '*' }],
  })
})

test('ValidatingWebhookConfiguration.validate() tells what is wrong with each webhook', () => {
  const wrong: admissionregistration.v1.ValidatingWebhook = {
    name: 'short',
    admissionReviewVersions: ['v9'],
    sideEffects: 'Some',
    timeoutSeconds: 60,
    clientConfig: { url: 'http://user@host/path?q' },
    rules: [
      { operations: ['*', 'CREATE'], apiGroups: [], apiVersions: [''], resources: ['pods/*', 'pods/log'] },
    ],
  }
  expect(rejections(ValidatingWebhookConfiguration, { metadata, webhooks: [hook, hook, wrong] })).toEqual([
    'webhooks[1].name: Duplicate value: "a.example.com"',
    'webhooks[2].name: Invalid value: "short": should be a domain with at least three segments separated by dots',
    `webhooks[2].rules[0].operations: Invalid value: ["*","CREATE"]: if '*' is present, must not specify other operations`,
    'webhooks[2].rules[0].apiGroups: Required value',
    'webhooks[2].rules[0].apiVersions[0]: Required value',
    `webhooks[2].rules[0].resources[1]: Invalid value: "pods/log": if 'pods/*' is present, must not specify pods/log`,
    'webhooks[2].sideEffects: Unsupported value: "Some": supported values: "None", "NoneOnDryRun"',
    'webhooks[2].timeoutSeconds: Invalid value: 60: the timeout value must be between 1 and 30 seconds',
    `webhooks[2].clientConfig.url: Invalid value: "http": 'https' is the only allowed URL scheme; desired format: https://host[/path]`,
    'webhooks[2].clientConfig.url: Invalid value: "user": user information is not permitted in the URL',
    'webhooks[2].clientConfig.url: Invalid value: "q": query parameters are not permitted in the URL',
    'webhooks[2].admissionReviewVersions: Invalid value: ["v9"]: must include at least one of v1, v1beta1',
  ])
})

test('formatParamRef() names parameters, or how they are chosen', () => {
  expect(formatParamRef(undefined)).toBe('<unset>')
  expect(formatParamRef({ name: 'p' })).toBe('*/p')
  expect(formatParamRef({ name: 'p', namespace: 'n' })).toBe('n/p')
  expect(formatParamRef({ selector: { matchLabels: { a: 'b' } } })).toBe(
    '&LabelSelector{MatchLabels:map[string]string{a: b,},MatchExpressions:[]LabelSelectorRequirement{},}',
  )
})
