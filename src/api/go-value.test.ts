import { expect, test } from 'vitest'
import { invalidValue } from '../apimachinery/field-errors.ts'
import { inGoForm } from './go-value.ts'
import { builtInSchemas } from './schemas.ts'

const shownIn = (type: string, field: string, value: unknown): string | undefined =>
  inGoForm([invalidValue(field, value, 'why')], builtInSchemas.get(type))[0]?.message

const job = 'io.k8s.api.batch.v1.Job'

test('inGoForm() shows all fields of a Go struct, by their names and in their order there', () => {
  expect(shownIn(job, 'spec.successPolicy', { rules: [{ succeededCount: 3 }] })).toBe(
    'Invalid value: {"Rules":[{"SucceededIndexes":null,"SucceededCount":3}]}: why',
  )
})

test('inGoForm() shows metadata and the namespaces of the host where Go has them', () => {
  const value = {
    metadata: { labels: { a: 'b' } },
    spec: { hostNetwork: true, securityContext: {}, containers: [] },
  }
  const text = shownIn(job, 'spec.template', value) ?? ''
  expect(text).toContain('{"labels":{"a":"b"},"Spec":{"Volumes":null,')
  expect(text).toContain(
    '"SecurityContext":{"HostNetwork":true,"HostPID":false,"HostIPC":false,"ShareProcessNamespace":null,',
  )
})

test('inGoForm() shows values of the API and managed fields in the order of their types', () => {
  const groups = 'io.k8s.api.scheduling.v1alpha2.Workload'
  expect(shownIn(groups, 'spec.podGroupTemplates[1]', { name: '', schedulingPolicy: {} })).toBe(
    'Invalid value: {"name":"","schedulingPolicy":{},"schedulingConstraints":null}: why',
  )
  const managedFields = [{ apiVersion: 'v1', manager: 'm', operation: 'Update' }]
  expect(shownIn(job, 'metadata', { managedFields })).toBe(
    'Invalid value: {"managedFields":[{"manager":"m","operation":"Update","apiVersion":"v1"}]}: why',
  )
})

test('inGoForm() finds the type of what a field is in', () => {
  const field = 'spec.template.spec.securityContext.seccompProfile.localhostProfile'
  expect(shownIn(job, field, { type: 'Localhost' })).toBe(
    'Invalid value: {"Type":"Localhost","LocalhostProfile":null}: why',
  )
})

test('inGoForm() leaves other values as they are', () => {
  expect(shownIn(job, 'spec.template.metadata.labels', { b: '<', a: 'c' })).toBe(
    'Invalid value: {"a":"c","b":"\\u003c"}: why',
  )
  expect(shownIn(job, 'spec.elsewhere', { odd: 1 })).toBe('Invalid value: {"odd":1}: why')
  expect(inGoForm([invalidValue('spec', { a: 1 }, 'why')], undefined)[0]?.message).toContain('{"a":1}')
})
