import { expect, test } from 'vitest'
import { ValidatingAdmissionPolicy } from '../../api/admissionregistration/validating-admission-policy/kind.ts'
import { Deployment } from '../../api/apps/deployment/kind.ts'
import { fixedKinds } from '../../reconcile/kind-source.ts'
import { TestCluster } from '../../reconcile/testing/test-cluster.ts'
import { kindsToCheck } from './check-policy.ts'
import { validatingAdmissionPolicyStatusController } from './policy-status-controller.ts'

const rule = { operations: ['*'], apiGroups: ['apps'], apiVersions: ['v1'], resources: ['deployments'] }

test('validatingAdmissionPolicyStatusController() tells what does not fit the objects that a policy is for', async () => {
  const cluster = new TestCluster()
  cluster.start(validatingAdmissionPolicyStatusController(fixedKinds([Deployment])))
  const policy = (name: string, expression: string) => ({
    metadata: { name, generation: 1 },
    spec: {
      matchConstraints: { resourceRules: [rule] },
      variables: [{ name: 'count', expression: 'object.spec.replicas' }],
      validations: [{ expression, messageExpression: 'string(object.missing)' }],
    },
  })
  await cluster.create(ValidatingAdmissionPolicy, policy('wrong', "variables.count > '1'"))
  const { status } = await cluster.get(ValidatingAdmissionPolicy, 'wrong')
  expect(status).toEqual({
    observedGeneration: 1,
    typeChecking: {
      expressionWarnings: [
        {
          fieldRef: 'spec.validations[0].expression',
          warning:
            "apps/v1, Kind=Deployment: ERROR: <input>:1:17: found no matching overload for '_>_' applied to '(int, string)'\n" +
            " | variables.count > '1'\n | ................^\n",
        },
        {
          fieldRef: 'spec.validations[0].messageExpression',
          warning:
            "apps/v1, Kind=Deployment: ERROR: <input>:1:14: undefined field 'missing'\n" +
            ' | string(object.missing)\n | .............^\n',
        },
      ],
    },
  })
  const right = policy('right', 'object.spec.template.spec.containers.all(c, c.resources.limits.size() > 0)')
  await cluster.create(ValidatingAdmissionPolicy, {
    ...right,
    spec: { ...right.spec, validations: right.spec.validations.map(({ expression }) => ({ expression })) },
  })
  expect((await cluster.get(ValidatingAdmissionPolicy, 'right')).status).toEqual({
    observedGeneration: 1,
    typeChecking: {},
  })
  await cluster.stop()
})

test('kindsToCheck() leaves out wildcards and subresources', () => {
  const kindOf = ({ resource }: { readonly resource: string }) => ({ ...Deployment, kind: resource })
  const found = (changes: object) =>
    kindsToCheck({ matchConstraints: { resourceRules: [{ ...rule, ...changes }] } }, kindOf).map(
      ({ kind }) => kind,
    )
  expect(found({ resources: ['b', 'a', 'a/status', '*'] })).toEqual(['a', 'b'])
  expect(found({ apiGroups: ['apps', '*'] })).toEqual([])
})
