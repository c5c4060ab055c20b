import { ValidatingAdmissionPolicy } from '../../api/admissionregistration/validating-admission-policy/kind.ts'
import type { admissionregistration } from '../../api/generated/types/index.ts'
import { type KnownTypes, PolicyEnvironments } from '../../apimachinery/cel/index.ts'
import type { GroupVersionKind } from '../../apimachinery/define-kind.ts'
import type { Transport } from '../../apimachinery/transport.ts'
import { type AnyController, defineController, done } from '../../reconcile/controller.ts'
import type { KindSource } from '../../reconcile/kind-source.ts'
import { checkPolicy, kindsToCheck, type ResourceName } from './check-policy.ts'
import { typeOf } from './open-api-types.ts'

type Spec = admissionregistration.v1.ValidatingAdmissionPolicySpec

const fieldManager = 'validatingadmissionpolicy-status-controller'

function paramKind({ paramKind: kind }: Spec): GroupVersionKind | undefined {
  if (kind === undefined) return undefined
  const parts = (kind.apiVersion ?? '').split('/')
  const [group, version] = parts.length === 1 ? ['', parts[0]] : parts
  return { group: group ?? '', version: version ?? '', kind: kind.kind ?? '' }
}

/** The kinds that a policy looks at, those aside of which nothing is known. */
async function knownTypes(
  spec: Spec,
  kinds: KindSource,
  transport: Transport,
): Promise<readonly { readonly kind: GroupVersionKind; readonly types: KnownTypes }[]> {
  const kindOf = ({ group, version, resource }: ResourceName): GroupVersionKind | undefined =>
    kinds
      .list()
      .find((each) => each.group === group && each.version === version && each.resource === resource)
  const own = paramKind(spec)
  const params = own === undefined ? undefined : await typeOf(own, transport)
  const known: { readonly kind: GroupVersionKind; readonly types: KnownTypes }[] = []
  for (const kind of kindsToCheck(spec, kindOf)) {
    const object = await typeOf(kind, transport)
    if (object !== undefined) known.push({ kind, types: { object, params } })
  }
  return known
}

/** Tells in a policy's status where its expressions do not fit the objects that it is for. */
export function validatingAdmissionPolicyStatusController(kinds: KindSource): AnyController {
  const environments = new PolicyEnvironments()
  return defineController({
    name: 'validatingadmissionpolicy-status',
    reconciles: ValidatingAdmissionPolicy,
    permissions: [
      {
        group: 'admissionregistration.k8s.io',
        resources: ['validatingadmissionpolicies/status'],
        verbs: ['get', 'patch', 'update'],
      },
    ],
    reconcile: async (name, { cache, api }) => {
      const policy = cache.of(ValidatingAdmissionPolicy).get('', name)
      const { generation = 0 } = policy?.metadata ?? {}
      if (policy?.spec === undefined || generation <= (policy.status?.observedGeneration ?? 0)) return done
      const checked = await knownTypes(policy.spec, kinds, api.transport)
      const expressionWarnings = checkPolicy(policy.spec, checked, environments)
      const typeChecking = expressionWarnings.length === 0 ? {} : { expressionWarnings }
      await api
        .resource(ValidatingAdmissionPolicy)
        .apply(
          { metadata: { name }, status: { observedGeneration: generation, typeChecking } },
          { fieldManager, force: true, subresource: 'status' },
        )
      return done
    },
  })
}
