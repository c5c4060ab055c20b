import { expect, test } from 'vitest'
import { FlagError } from '../components/flags/parse-flags.ts'
import { auditPolicy, readAuditPolicy } from './audit-policy-file.ts'

const head = 'apiVersion: audit.k8s.io/v1\nkind: Policy\n'

test('auditPolicy() reads rules, stages and fields, and passes over what nobody knows', () => {
  const { policy, warnings } = auditPolicy(`${head}omitStages: [RequestReceived]
omitManagedFields: true
rules:
- level: RequestResponse
  users: [jane]
  resources: [{ group: "", resources: [secrets], resourceNames: [x] }]
  omitManagedFields: false
  usres: [joe]
- level: None
  nonResourceURLs: ["/healthz*"]
`)
  const rest = { userGroups: [], verbs: [], namespaces: [], omitStages: [] }
  expect(policy).toEqual({
    omitStages: ['RequestReceived'],
    omitManagedFields: true,
    rules: [
      {
        ...rest,
        level: 'RequestResponse',
        users: ['jane'],
        resources: [{ group: '', resources: ['secrets'], resourceNames: ['x'] }],
        nonResourceURLs: [],
        omitManagedFields: false,
      },
      { ...rest, level: 'None', users: [], resources: [], nonResourceURLs: ['/healthz*'] },
    ],
  })
  expect(warnings).toEqual(['unknown field "rules[0].usres"'])
})

const rows: readonly [string, string][] = [
  [head, 'loaded illegal policy with 0 rules'],
  ['kind: Policy', "failed decoding: Object 'apiVersion' is missing"],
  ['apiVersion: audit.k8s.io/v1', "failed decoding: Object 'Kind' is missing"],
  [
    'apiVersion: audit.k8s.io/v1beta1\nkind: Policy',
    'failed decoding: no kind "Policy" is registered for version "audit.k8s.io/v1beta1"',
  ],
  [`${head}rules: [{}]`, 'rules[0].level: Required value'],
  [
    `${head}rules: [{ level: All }]`,
    'rules[0].level: Unsupported value: "All": supported values: "None", "Metadata", "Request", "RequestResponse"',
  ],
  [
    `${head}omitStages: [Never]\nrules: [{ level: None }]`,
    'omitStages[0]: Invalid value: "Never": allowed stages are RequestReceived,ResponseStarted,ResponseComplete,Panic',
  ],
  [
    `${head}rules: [{ level: None, nonResourceURLs: [healthz] }]`,
    'rules[0].nonResourceURLs[0]: Invalid value: "healthz": non-resource URL rules must begin with a \'/\' character',
  ],
  [
    `${head}rules: [{ level: None, nonResourceURLs: ["/a*/b"] }]`,
    'rules[0].nonResourceURLs[0]: Invalid value: "/a*/b": non-resource URL wildcards \'*\' must be the final character of the rule',
  ],
  [
    `${head}rules: [{ level: None, namespaces: [a], nonResourceURLs: ["*"] }]`,
    'rules[0].nonResourceURLs: Invalid value: ["*"]: rules cannot apply to both regular resources and non-resource URLs',
  ],
  [
    `${head}rules: [{ level: None, resources: [{ resourceNames: [x] }] }]`,
    'rules[0].resources.resourceNames: Invalid value: ["x"]: using resourceNames requires at least one resource',
  ],
]
for (const [text, message] of rows)
  test(`auditPolicy() says "${message}"`, () => {
    expect(() => auditPolicy(text)).toThrow(new FlagError(message))
  })

test('readAuditPolicy() names a file that is not there', () => {
  expect(() => readAuditPolicy('/nowhere/policy')).toThrow(
    /^loading audit policy file: failed to read file path "\/nowhere\/policy": /,
  )
})
