import { MutatingAdmissionPolicy } from '../../../api/admissionregistration/mutating-admission-policy/kind.ts'
import { MutatingAdmissionPolicyBinding } from '../../../api/admissionregistration/mutating-admission-policy-binding/kind.ts'
import type { admissionregistration } from '../../../api/generated/types/index.ts'
import { nativeValue } from '../../../apimachinery/cel/index.ts'
import type { KindDeclaration } from '../../../apimachinery/define-kind.ts'
import type { KubernetesObject } from '../../../apimachinery/meta.ts'
import { semanticallyEqual } from '../../../apimachinery/semantically-equal.ts'
import { StatusError } from '../../../apimachinery/status-error.ts'
import type { AdmissionAttributes, AdmissionOperation, AdmissionPlugin } from '../../admission.ts'
import { namespaceOf } from '../../dynamic-admission/policies/namespace-of.ts'
import { ConfigurationError, paramResource, paramsOf } from '../../dynamic-admission/policies/params.ts'
import { errorType, PolicyMetrics } from '../../dynamic-admission/policies/policy-metrics.ts'
import type { PolicyPluginOptions } from '../../dynamic-admission/policies/policy-plugin-options.ts'
import {
  type BindingObject,
  type MatchingPolicy,
  PolicySource,
} from '../../dynamic-admission/policies/policy-source.ts'
import { matchRequest } from '../../dynamic-admission/policies/resource-match.ts'
import { ReinvocationsByRequest } from '../../dynamic-admission/reinvocations.ts'
import { withAnswers } from '../../dynamic-admission/request-authorizer.ts'
import { shownIn } from '../../dynamic-admission/request-views.ts'
import { type ReviewedRequest, requestVariables } from '../../dynamic-admission/reviewed-request.ts'
import { applyMutation } from './apply-mutation.ts'
import { MutatingPolicy, type MutatingPolicyObject, MutationError } from './mutating-policy.ts'
import { PolicyErrors } from './policy-errors.ts'

export interface MutatingBinding extends BindingObject {
  readonly spec?: admissionregistration.v1.MutatingAdmissionPolicyBindingSpec
}

type Matching = MatchingPolicy<MutatingPolicyObject, MutatingBinding, MutatingPolicy>

/** A policy, one of its bindings and one parameter, which match a request. */
interface Invocation {
  readonly matching: Matching
  readonly binding: MutatingBinding
  readonly param: KubernetesObject | undefined
  readonly declaration: KindDeclaration
}

/** The object on its way through the policies, in the version in which the last of them saw it. */
interface Current {
  readonly declaration: KindDeclaration
  readonly object: KubernetesObject
}

const nameOf = (object: KubernetesObject | undefined): string => object?.metadata?.name ?? ''

/** Lets expressions that users have stored change what is written (https://kubernetes.io/docs/reference/access-authn-authz/mutating-admission-policy/). */
export class MutatingAdmissionPolicyPlugin implements AdmissionPlugin {
  readonly name = 'MutatingAdmissionPolicy'
  readonly #options: PolicyPluginOptions
  readonly #source: PolicySource<MutatingPolicyObject, MutatingBinding, MutatingPolicy>
  readonly #measures: PolicyMetrics
  readonly #reinvocations = new ReinvocationsByRequest()

  constructor(options: PolicyPluginOptions) {
    this.#options = options
    this.#measures = new PolicyMetrics(options.registry, 'mutating')
    this.#source = new PolicySource({
      reader: options.reader,
      forms: options.forms,
      policies: MutatingAdmissionPolicy,
      bindings: MutatingAdmissionPolicyBinding,
      manifests: options.manifests,
      compile: (policy) => new MutatingPolicy(policy, options),
    })
  }

  handles(operation: AdmissionOperation, declaration: KindDeclaration, subresource: string): boolean {
    return operation !== 'DELETE' && this.#source.matching(operation, declaration, subresource).length > 0
  }

  onChange(changed: () => void): void {
    this.#source.onChange(changed)
  }

  async mutate(attributes: AdmissionAttributes, object: KubernetesObject): Promise<KubernetesObject> {
    const errors = new PolicyErrors()
    const invocations = await this.#invocations(attributes, errors)
    const result =
      invocations.length === 0 ? object : await this.#run(attributes, object, invocations, errors)
    errors.check(attributes)
    return result
  }

  async #invocations(attributes: AdmissionAttributes, errors: PolicyErrors): Promise<readonly Invocation[]> {
    const { operation, declaration, subresource } = attributes
    const found: Invocation[] = []
    for (const matching of this.#source.matching(operation, declaration, subresource)) {
      try {
        const shown = matchRequest(matching.match, attributes, this.#options.reader)
        if (shown instanceof StatusError) throw new ConfigurationError(shown.message)
        if (shown !== undefined) found.push(...(await this.#bound(matching, shown, attributes, errors)))
      } catch (error) {
        if (!(error instanceof ConfigurationError)) throw error
        errors.add(matching.policy, undefined, `failed to configure policy: ${error.message}`)
      }
    }
    return found
  }

  async #bound(
    matching: Matching,
    declaration: KindDeclaration,
    attributes: AdmissionAttributes,
    errors: PolicyErrors,
  ): Promise<readonly Invocation[]> {
    const { policy, bindings } = matching
    const { reader } = this.#options
    const resource = await paramResource(policy.spec?.paramKind, this.#options.params)
    const found: Invocation[] = []
    for (const { binding, match } of bindings) {
      try {
        const bound = match === undefined ? declaration : matchRequest(match, attributes, reader)
        if (bound instanceof StatusError) throw new ConfigurationError(bound.message)
        if (bound === undefined) continue
        for (const param of await paramsOf(resource, binding.spec?.paramRef, attributes.namespace))
          found.push({ matching, binding, param, declaration })
      } catch (error) {
        if (!(error instanceof ConfigurationError)) throw error
        errors.add(policy, binding, `failed to configure binding: ${error.message}`)
      }
    }
    return found
  }

  async #run(
    attributes: AdmissionAttributes,
    object: KubernetesObject,
    invocations: readonly Invocation[],
    errors: PolicyErrors,
  ): Promise<KubernetesObject> {
    const { forms, reader } = this.#options
    const { declaration, oldObject } = attributes
    const namespace = namespaceOf(attributes, reader)
    const reinvocations = this.#reinvocations.of(attributes)
    reinvocations.start(attributes, object)
    let current: Current = { declaration, object }
    for (const invocation of invocations) {
      const to = invocation.declaration
      const shown = (await shownIn(attributes, current.object, current.declaration, to, forms)) ?? object
      const old = await shownIn(attributes, oldObject, declaration, to, forms)
      current = { declaration: to, object: shown }
      const request = { attributes, declaration: to, object: shown, oldObject: old }
      if (!(await this.#meetsConditions(invocation, request, errors))) continue
      const key = keyOf(invocation)
      if (!reinvocations.isCalled(attributes, key)) continue
      const changed = await this.#mutate(invocation, request, namespace, errors)
      if (changed !== undefined) {
        attributes.reinvoke()
        reinvocations.requireAll()
        current = { declaration: to, object: changed }
      }
      if (invocation.matching.evaluator.reinvokes) reinvocations.invoked(key)
    }
    const result =
      (await shownIn(attributes, current.object, current.declaration, declaration, forms)) ?? object
    reinvocations.finish(result)
    return result
  }

  async #meetsConditions(
    { matching, binding, param }: Invocation,
    request: ReviewedRequest,
    errors: PolicyErrors,
  ): Promise<boolean> {
    const { conditions } = matching.evaluator
    if (conditions.isEmpty) return true
    const own = requestVariables(request, undefined, this.#options.authorizer)
    const variables = { ...own, params: nativeValue(param) }
    const met = await withAnswers(() => conditions.match(variables, request.attributes.operation))
    if (typeof met === 'boolean') return met
    errors.add(matching.policy, binding, met.error, 'Invalid')
    return false
  }

  /** All mutations of a policy, in their order; undefined: none of them changed anything. */
  async #mutate(
    { matching, binding, param }: Invocation,
    request: ReviewedRequest,
    namespace: KubernetesObject | undefined,
    errors: PolicyErrors,
  ): Promise<KubernetesObject | undefined> {
    const { policy, evaluator } = matching
    const { host, authorizer, forms } = this.#options
    let { object } = request
    for (const [index, { patchType }] of evaluator.mutations.entries()) {
      const startedMs = host.monotonicMs()
      const measure = (error?: string): void => {
        const labels = [nameOf(policy), nameOf(binding), errorType(error)]
        this.#measures.observe((host.monotonicMs() - startedMs) / 1000, labels)
      }
      try {
        const seen = { ...request, object }
        const own = requestVariables(seen, namespace, authorizer)
        const made = await withAnswers(() =>
          evaluator.evaluate(index, { ...own, params: nativeValue(param) }),
        )
        object = applyMutation(patchType, made, seen, forms)
        measure()
      } catch (error) {
        measure(error instanceof Error ? error.message : '')
        if (!(error instanceof MutationError)) throw error
        errors.add(policy, binding, error.message, 'Invalid')
      }
    }
    return semanticallyEqual(object, request.object) ? undefined : object
  }
}

function keyOf({ matching, binding, param }: Invocation): string {
  const { namespace = '' } = param?.metadata ?? {}
  return JSON.stringify([nameOf(matching.policy), nameOf(binding), namespace, nameOf(param)])
}
