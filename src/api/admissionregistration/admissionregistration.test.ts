import { expect, test } from 'vitest'
import { defaultFeatures } from '../feature-gates.ts'
import type { admissionregistration } from '../generated/types/index.ts'
import { created, rejections } from '../testing/rejections.ts'
import { MutatingAdmissionPolicy } from './mutating-admission-policy/kind.ts'
import { MutatingWebhookConfiguration } from './mutating-webhook-configuration/kind.ts'
import { formatParamRef } from './policy-columns.ts'
import { reserveStaticNames } from './static-suffix.ts'
import { ValidatingAdmissionPolicy } from './validating-admission-policy/kind.ts'
import { ValidatingAdmissionPolicyBinding } from './validating-admission-policy-binding/kind.ts'
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

const rule = { operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods'] }

test('ValidatingAdmissionPolicy.validate() tells what a policy lacks', () => {
  expect(rejections(ValidatingAdmissionPolicy, { metadata, spec: {} })).toEqual([
    'spec.matchConstraints: Required value',
    'spec.validations: Required value: validations or auditAnnotations must contain at least one item',
    'spec.auditAnnotations: Required value: validations or auditAnnotations must contain at least one item',
  ])
  expect(
    rejections(ValidatingAdmissionPolicy, {
      metadata,
      spec: {
        failurePolicy: 'Maybe',
        paramKind: { apiVersion: 'a/b/c', kind: '' },
        matchConstraints: { resourceRules: [{ ...rule, resourceNames: ['a', 'a'] }] },
        variables: [{ name: 'for', expression: '1' }],
        validations: [{ expression: '', message: 'a\nb', reason: 'Why' }],
        auditAnnotations: [
          { key: 'k', valueExpression: "'x'" },
          { key: 'k', valueExpression: '' },
        ],
      },
    }),
  ).toEqual([
    'spec.failurePolicy: Unsupported value: "Maybe": supported values: "Fail", "Ignore"',
    'spec.paramKind.apiVersion: Invalid value: "a/b/c": unexpected GroupVersion string: a/b/c',
    'spec.paramKind.kind: Required value',
    'spec.matchConstraints.resourceRules[0].resourceNames[1]: Duplicate value: "a"',
    'spec.variables[0].name: Invalid value: "for": must be a valid CEL identifier',
    'spec.validations[0].expression: Required value: expression is not specified',
    'spec.validations[0].message: Invalid value: "a\\nb": must not contain line breaks',
    'spec.validations[0].reason: Unsupported value: "Why": supported values: "Forbidden", "Invalid", "RequestEntityTooLarge"',
    'spec.auditAnnotations[1].valueExpression: Required value: valueExpression is not specified',
    'spec.auditAnnotations[1].key: Duplicate value: "k"',
  ])
})

test('MutatingAdmissionPolicy.validate() wants patches of the type that they say', () => {
  expect(
    rejections(MutatingAdmissionPolicy, {
      metadata,
      spec: {
        matchConstraints: { resourceRules: [{ ...rule, operations: ['DELETE'] }] },
        mutations: [
          { patchType: 'JSONPatch', applyConfiguration: { expression: '1' } },
          { patchType: 'Other' },
        ],
        reinvocationPolicy: 'Never',
      },
    }),
  ).toEqual([
    'spec.matchConstraints.resourceRules.operations: Unsupported value: "DELETE": supported values: "*", "CONNECT", "CREATE", "UPDATE"',
    'spec.mutations[0].jsonPatch: Required value: must be specified when patchType is JSONPatch',
    'spec.mutations[0].applyConfiguration: Invalid value: "{applyConfiguration}": must not be specified when patchType is JSONPatch',
    'spec.mutations[1].patchType: Unsupported value: "Other": supported values: "ApplyConfiguration", "JSONPatch"',
  ])
})

test('ValidatingAdmissionPolicyBinding.validate() looks at parameters and actions', () => {
  expect(
    rejections(ValidatingAdmissionPolicyBinding, {
      metadata,
      spec: {
        policyName: 'p',
        paramRef: { name: 'x', selector: {} },
        validationActions: ['Deny', 'Warn', 'Deny', 'Shout'],
      },
    }),
  ).toEqual([
    'spec.paramRef.name: Forbidden: name and selector are mutually exclusive',
    'spec.paramRef.selector: Forbidden: name and selector are mutually exclusive',
    'spec.paramRef.parameterNotFoundAction: Required value',
    'spec.validationActions[2]: Duplicate value: "Deny"',
    'spec.validationActions[3]: Unsupported value: "Shout": supported values: "Audit", "Deny", "Warn"',
    'spec.validationActions: Invalid value: ["Deny","Warn","Deny","Shout"]: must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)',
  ])
})

const constraints: admissionregistration.v1.MatchResources = {
  resourceRules: [{ operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods'] }],
}

test('ValidatingAdmissionPolicy.validate() compiles all expressions, with the variables before them', () => {
  const spec: admissionregistration.v1.ValidatingAdmissionPolicySpec = {
    failurePolicy: 'Fail',
    matchConstraints: constraints,
    matchConditions: [{ name: 'c', expression: 'request.nope' }],
    variables: [
      { name: 'size', expression: 'object.spec.size' },
      { name: 'text', expression: 'string(variables.size) + 1' },
    ],
    validations: [
      { expression: "variables.size > 1 && variables.text == 'a'", messageExpression: '1' },
      { expression: 'params.x == 1' },
    ],
    auditAnnotations: [{ key: 'k', valueExpression: 'true' }],
  }
  expect(rejections(ValidatingAdmissionPolicy, { metadata, spec })).toEqual([
    'spec.matchConditions[0].expression: Invalid value: "request.nope": compilation failed: ERROR: <input>:1:8: ' +
      "undefined field 'nope'\n | request.nope\n | .......^",
    'spec.variables[1].expression: Invalid value: "string(variables.size) + 1": compilation failed: ERROR: ' +
      "<input>:1:24: found no matching overload for '_+_' applied to '(string, int)'\n" +
      ' | string(variables.size) + 1\n | .......................^',
    'spec.validations[0].messageExpression: Invalid value: "1": must evaluate to string but got int',
    'spec.validations[1].expression: Invalid value: "params.x == 1": compilation failed: ERROR: <input>:1:1: ' +
      "undeclared reference to 'params' (in container '')\n | params.x == 1\n | ^",
    'spec.auditAnnotations[0].valueExpression: Invalid value: "true": must evaluate to one of [string null_type] ' +
      'but got bool',
  ])
})

test('MutatingAdmissionPolicy.validate() compiles mutations to what their patch type takes', () => {
  const spec: admissionregistration.v1.MutatingAdmissionPolicySpec = {
    failurePolicy: 'Fail',
    matchConstraints: constraints,
    reinvocationPolicy: 'Never',
    mutations: [
      {
        patchType: 'ApplyConfiguration',
        applyConfiguration: { expression: 'Object{spec: Object.spec{a: 1}}' },
      },
      { patchType: 'JSONPatch', jsonPatch: { expression: 'Object{}' } },
    ],
  }
  expect(rejections(MutatingAdmissionPolicy, { metadata, spec })).toEqual([
    'spec.mutations[1].jsonPatch.expression: Invalid value: "Object{}": must evaluate to list(JSONPatch) but got Object',
  ])
})

test('reserveStaticNames() refuses new names of files, and only warns of old ones', () => {
  const [kind] = reserveStaticNames([ValidatingWebhookConfiguration])
  const object = created(ValidatingWebhookConfiguration, {
    metadata: { name: 'a.static.k8s.io' },
    webhooks: [],
  })
  const context = { nowMs: 0, features: defaultFeatures, subresource: '' }
  const complaint =
    'names ending with ".static.k8s.io" are reserved for static manifest-based configurations and cannot be managed via the API'
  expect(
    kind?.validate(object, undefined, context).map(({ field, message }) => `${field}: ${message}`),
  ).toEqual([`metadata.name: Invalid value: "a.static.k8s.io": ${complaint}`])
  expect(kind?.validate(object, object, context)).toEqual([])
  expect(kind?.warnings?.(object, undefined)).toEqual([])
  expect(kind?.warnings?.(object, object)).toEqual([`metadata.name: ${complaint}`])
})
