import { expect } from 'vitest'
import { eventually } from './support/eventually.ts'
import { workload } from './support/samples.ts'
import { type Behave, behaviours, type Ground } from './support/suite.ts'

type Kind = 'mutating' | 'validating'

const root = '/apis/admissionregistration.k8s.io/v1'
const deployments = ({ namespace }: Ground): string => `/apis/apps/v1/namespaces/${namespace}/deployments`

const rule = { apiGroups: ['apps'], apiVersions: ['v1'], operations: ['CREATE'], resources: ['deployments'] }

/** Binds a policy to the row's namespace for as long as `work` takes. */
async function bound(ground: Ground, kind: Kind, spec: object, work: () => Promise<void>): Promise<void> {
  const { api, namespace } = ground
  const name = `policy-${namespace}`
  const policies = `${root}/${kind}admissionpolicies`
  const bindings = `${root}/${kind}admissionpolicybindings`
  await api.create(policies, {
    metadata: { name },
    spec: { matchConstraints: { resourceRules: [rule] }, ...spec },
  })
  await api.create(bindings, {
    metadata: { name },
    spec: {
      policyName: name,
      matchResources: { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } } },
      ...(kind === 'validating' ? { validationActions: ['Deny'] } : {}),
    },
  })
  try {
    await work()
  } finally {
    await api.delete(`${bindings}/${name}`)
    await api.delete(`${policies}/${name}`)
  }
}

const deploy = (ground: Ground, name: string, replicas: number) =>
  ground.api.create(deployments(ground), { metadata: { name }, spec: workload(name, replicas) })

const validated: Behave = (ground) => {
  const validations = [
    {
      expression: 'object.spec.replicas > 1',
      messageExpression: "'wants replicas > 1, got ' + object.spec.replicas",
    },
    { expression: 'namespaceObject.metadata.name == request.namespace' },
  ]
  return bound(ground, 'validating', { validations }, async () => {
    await expect(deploy(ground, 'one', 1)).rejects.toMatchObject({ reason: 'Invalid' })
    await deploy(ground, 'two', 2)
  })
}

const withVariables: Behave = (ground) => {
  const spec = {
    variables: [
      { name: 'replicas', expression: 'object.spec.replicas' },
      { name: 'oddReplicas', expression: 'variables.replicas % 2 == 1' },
    ],
    validations: [
      { expression: 'variables.replicas > 1', message: 'too few' },
      { expression: 'variables.oddReplicas', message: 'not odd' },
    ],
  }
  return bound(ground, 'validating', spec, async () => {
    await expect(deploy(ground, 'two', 2)).rejects.toThrow('denied request: not odd')
    await expect(deploy(ground, 'one', 1)).rejects.toThrow('denied request: too few')
    await deploy(ground, 'three', 3)
  })
}

const apply = (expression: string): object => ({
  patchType: 'ApplyConfiguration',
  applyConfiguration: { expression },
})
const patch = (expression: string): object => ({ patchType: 'JSONPatch', jsonPatch: { expression } })

const mutated: Behave = (ground) => {
  const mutations = [
    apply(
      'Object{spec: Object.spec{template: Object.spec.template{metadata: Object.spec.template.metadata{labels: {"mutated": "yes"}}}}}',
    ),
    patch('[JSONPatch{op: "replace", path: "/spec/replicas", value: object.spec.replicas + 1}]'),
  ]
  return bound(ground, 'mutating', { reinvocationPolicy: 'Never', mutations }, async () => {
    const { spec } = await deploy(ground, 'web', 1)
    expect(spec).toMatchObject({
      replicas: 2,
      template: { metadata: { labels: { app: 'web', mutated: 'yes' } } },
    })
  })
}

const annotated: Behave = (ground) => {
  const mutations = [
    apply('Object{metadata: Object.metadata{annotations: {"my-foo-annotation": "myAnnotationValue"}}}'),
  ]
  return bound(ground, 'mutating', { reinvocationPolicy: 'IfNeeded', mutations }, async () => {
    const { metadata } = await deploy(ground, 'web', 1)
    expect(metadata?.annotations).toMatchObject({ 'my-foo-annotation': 'myAnnotationValue' })
  })
}

behaviours('admission policies', {
  '[sig-api-machinery] ValidatingAdmissionPolicy [Privileged:ClusterAdmin] should validate against a Deployment':
    async (ground) => {
      await validated(ground)
      const path = `${root}/validatingadmissionpolicies`
      const name = 'unbound'
      const validations = [{ expression: "object.spec.replicas > '1'" }]
      await ground.api.create(path, {
        metadata: { name },
        spec: { matchConstraints: { resourceRules: [rule] }, validations },
      })
      await eventually(async () =>
        expect((await ground.api.get(`${path}/${name}`)).status).toMatchObject({
          typeChecking: { expressionWarnings: [{ fieldRef: 'spec.validations[0].expression' }] },
        }),
      )
    },
  '[sig-api-machinery] ValidatingAdmissionPolicy [Privileged:ClusterAdmin] should allow expressions to refer variables.':
    withVariables,
  '[sig-api-machinery] MutatingAdmissionPolicy [Privileged:ClusterAdmin] should mutate a Deployment': mutated,
  '[sig-api-machinery] MutatingAdmissionPolicy [Privileged:ClusterAdmin] should mutate a Deployment with annotations':
    annotated,
})
