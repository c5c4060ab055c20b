import { expect, test } from 'vitest'
import type { KubernetesObject } from '../apimachinery/meta.ts'
import { defaultFeatures } from './feature-gates.ts'
import { forbidPrivileged } from './forbid-privileged.ts'
import { kinds } from './kinds.ts'

const forbidding = forbidPrivileged(kinds)

function complaints(group: string, kind: string, given: object, subresource = ''): readonly string[] {
  const found = forbidding.find((each) => each.group === group && each.kind === kind)
  if (found === undefined) throw new Error(kind)
  const object = given as KubernetesObject
  const context = { nowMs: 0, features: defaultFeatures, subresource }
  return found
    .validate(object, subresource === '' ? undefined : object, context)
    .map(({ field, message }) => `${field}: ${message}`)
    .filter((text) => text.includes('cluster policy'))
}

const spec = {
  initContainers: [{ name: 'first', image: 'i', securityContext: { privileged: false } }],
  containers: [
    { name: 'a', image: 'i' },
    { name: 'b', image: 'i', securityContext: { privileged: true } },
  ],
}
const template = { metadata: { labels: { app: 'web' } }, spec }
const policy = 'containers[1].securityContext.privileged: Forbidden: disallowed by cluster policy'

test.each([
  ['', 'Pod', { spec }, 'spec'],
  ['', 'PodTemplate', { template }, 'template.spec'],
  ['', 'ReplicationController', { spec: { template } }, 'spec.template.spec'],
  ['apps', 'ReplicaSet', { spec: { template } }, 'spec.template.spec'],
  ['apps', 'Deployment', { spec: { template } }, 'spec.template.spec'],
  ['apps', 'StatefulSet', { spec: { template } }, 'spec.template.spec'],
  ['apps', 'DaemonSet', { spec: { template } }, 'spec.template.spec'],
  ['batch', 'Job', { spec: { template } }, 'spec.template.spec'],
  [
    'batch',
    'CronJob',
    { spec: { jobTemplate: { spec: { template } } } },
    'spec.jobTemplate.spec.template.spec',
  ],
])('forbidPrivileged() refuses privileged containers of a %s %s', (group, kind, given, path) => {
  expect(complaints(group, kind, { metadata: { name: 'x', namespace: 'default' }, ...given })).toEqual([
    `${path}.${policy}`,
  ])
})

test('forbidPrivileged() leaves alone what is not about containers', () => {
  expect(complaints('', 'Pod', { metadata: { name: 'x' }, spec }, 'status')).toEqual([])
  expect(forbidding.find(({ kind }) => kind === 'Node')).toBe(kinds.find(({ kind }) => kind === 'Node'))
})
