import { ValidatingAdmissionPolicy } from '../../../api/admissionregistration/validating-admission-policy/kind.ts'
import { ValidatingAdmissionPolicyBinding } from '../../../api/admissionregistration/validating-admission-policy-binding/kind.ts'
import type { admissionregistration } from '../../../api/generated/types/index.ts'
import { nativeValue } from '../../../apimachinery/cel/index.ts'
import type { KindDeclaration } from '../../../apimachinery/define-kind.ts'
import type { KubernetesObject } from '../../../apimachinery/meta.ts'
import { StatusError } from '../../../apimachinery/status-error.ts'
import type { AdmissionAttributes, AdmissionOperation, AdmissionPlugin } from '../../admission.ts'
import { namespaceOf } from '../../dynamic-admission/policies/namespace-of.ts'
import { ConfigurationError, paramResource, paramsOf } from '../../dynamic-admission/policies/params.ts'
import { errorType, PolicyMetrics } from '../../dynamic-admission/policies/policy-metrics.ts'
import type { PolicyPluginOptions } from '../../dynamic-admission/policies/policy-plugin-options.ts'
import {
  type BindingObject,
  type MatchingBinding,
  type MatchingPolicy,
  PolicySource,
} from '../../dynamic-admission/policies/policy-source.ts'
import { matchRequest } from '../../dynamic-admission/policies/resource-match.ts'
import { withAnswers } from '../../dynamic-admission/request-authorizer.ts'
import { RequestViews } from '../../dynamic-admission/request-views.ts'
import { requestVariables } from '../../dynamic-admission/reviewed-request.ts'
import { AuditAnnotations, failureAnnotation, failureKey } from './audit-annotations.ts'
import { type Denial, denial } from './denial.ts'
import {
  type Decision,
  ValidatingPolicy,
  type ValidatingPolicyObject,
  type ValidationResult,
} from './validating-policy.ts'

export interface ValidatingBinding extends BindingObject {
  readonly spec?: admissionregistration.v1.ValidatingAdmissionPolicyBindingSpec
}

type Matching = MatchingPolicy<ValidatingPolicyObject, ValidatingBinding, ValidatingPolicy>

interface Measured extends ValidationResult {
  readonly seconds: number
}

/** A policy and one of its bindings, by name, and how long they took. */
interface About {
  readonly policy: string
  readonly binding: string
  readonly seconds: number
}

/** One request on its way through the policies. */
interface Review {
  readonly attributes: AdmissionAttributes
  readonly views: RequestViews
  readonly denials: Denial[]
}

const nameOf = ({ metadata }: KubernetesObject): string => metadata?.name ?? ''

/** Holds writes against expressions that users have stored (https://kubernetes.io/docs/reference/access-authn-authz/validating-admission-policy/). */
export class ValidatingAdmissionPolicyPlugin implements AdmissionPlugin {
  readonly name = 'ValidatingAdmissionPolicy'
  readonly #options: PolicyPluginOptions
  readonly #source: PolicySource<ValidatingPolicyObject, ValidatingBinding, ValidatingPolicy>
  readonly #measures: PolicyMetrics

  constructor(options: PolicyPluginOptions) {
    this.#options = options
    this.#measures = new PolicyMetrics(options.registry, 'validating')
    this.#source = new PolicySource({
      reader: options.reader,
      forms: options.forms,
      policies: ValidatingAdmissionPolicy,
      bindings: ValidatingAdmissionPolicyBinding,
      manifests: options.manifests,
      compile: (policy) => new ValidatingPolicy(policy, options),
    })
  }

  handles(operation: AdmissionOperation, declaration: KindDeclaration, subresource: string): boolean {
    return this.#source.matching(operation, declaration, subresource).length > 0
  }

  onChange(changed: () => void): void {
    this.#source.onChange(changed)
  }

  async validate(attributes: AdmissionAttributes): Promise<void> {
    const { operation, declaration, subresource } = attributes
    const review: Review = {
      attributes,
      views: new RequestViews(attributes, this.#options.forms),
      denials: [],
    }
    for (const matching of this.#source.matching(operation, declaration, subresource))
      await this.#validateBy(matching, review)
    const [first] = review.denials
    if (first !== undefined) throw denial(attributes, first)
  }

  async #validateBy(matching: Matching, review: Review): Promise<void> {
    const { attributes } = review
    const { policy, match } = matching
    const annotations = new AuditAnnotations(nameOf(policy))
    try {
      const shown = matchRequest(match, attributes, this.#options.reader)
      if (shown instanceof StatusError) throw new ConfigurationError(shown.message)
      if (shown === undefined) return
      const params = await paramResource(policy.spec?.paramKind, this.#options.params)
      for (const binding of matching.bindings) {
        const results = await this.#results(matching, binding, shown, params, review)
        for (const result of results) this.#take(policy, binding.binding, result, review, annotations)
      }
    } catch (error) {
      if (!(error instanceof ConfigurationError)) throw error
      misconfigured(policy, undefined, `failed to configure policy: ${error.message}`, review)
    }
    annotations.publish(attributes)
  }

  /** What the policy says for each parameter of a binding. */
  async #results(
    { policy, evaluator }: Matching,
    { binding, match }: MatchingBinding<ValidatingBinding>,
    shown: KindDeclaration,
    resource: Awaited<ReturnType<typeof paramResource>>,
    { attributes, views, denials }: Review,
  ): Promise<readonly Measured[]> {
    const { reader, authorizer, host } = this.#options
    try {
      const bound = match === undefined ? shown : matchRequest(match, attributes, reader)
      if (bound === undefined) return []
      if (bound instanceof StatusError) throw new ConfigurationError(bound.message)
      const params = await paramsOf(resource, binding.spec?.paramRef, attributes.namespace)
      if (params.length === 0) return []
      const request = await views.in(shown)
      const namespace = namespaceOf(attributes, reader)
      const own = requestVariables(request, namespace, authorizer)
      const results: Measured[] = []
      for (const param of params) {
        const variables = { ...own, params: nativeValue(param) }
        const conditions = { ...variables, namespaceObject: null }
        const startedMs = host.monotonicMs()
        const result = await withAnswers(() =>
          evaluator.validate(variables, conditions, attributes.operation),
        )
        results.push({ ...result, seconds: (host.monotonicMs() - startedMs) / 1000 })
      }
      return results
    } catch (error) {
      if (!(error instanceof ConfigurationError)) throw error
      const message = `failed to configure binding: ${error.message}`
      misconfigured(policy, binding, message, { attributes, views, denials })
      return []
    }
  }

  #take(
    policy: ValidatingPolicyObject,
    binding: ValidatingBinding,
    { decisions, annotations, seconds }: Measured,
    review: Review,
    collected: AuditAnnotations,
  ): void {
    const about = { policy: nameOf(policy), binding: nameOf(binding), seconds }
    decisions.forEach((decision, index) => {
      if (decision.action === 'deny') this.#enforce(about, binding, decision, index, review)
      else if (decision.failed) this.#measure(about, decision, 'allow')
    })
    for (const annotation of annotations) {
      if ('value' in annotation) collected.add(annotation.key, annotation.value)
      else {
        const decision = { action: 'deny', failed: true, message: annotation.error, reason: '' } as const
        review.denials.push({ ...about, ...decision })
        this.#measure(about, decision, 'deny')
      }
    }
  }

  #enforce(
    about: About,
    binding: ValidatingBinding,
    decision: Decision,
    index: number,
    { attributes, denials }: Review,
  ): void {
    const { validationActions = [] } = binding.spec ?? {}
    for (const action of validationActions) {
      if (action === 'Deny') {
        denials.push({ ...about, ...decision })
        this.#measure(about, decision, 'deny')
      } else if (action === 'Audit') {
        attributes.annotate(failureKey, failureAnnotation(about, decision.message, index, validationActions))
        this.#measure(about, decision, 'audit')
      } else if (action === 'Warn') {
        const who = `ValidatingAdmissionPolicy '${about.policy}' with binding '${about.binding}'`
        attributes.warn(`Validation failed for ${who}: ${decision.message}`)
        this.#measure(about, decision, 'warn')
      }
    }
  }

  #measure({ policy, binding, seconds }: About, { message }: Decision, action: string): void {
    this.#measures.observe(seconds, [policy, binding, errorType(message), action])
  }
}

/** What comes of a policy or binding that cannot be used. */
function misconfigured(
  policy: ValidatingPolicyObject,
  binding: ValidatingBinding | undefined,
  message: string,
  { denials }: Review,
): void {
  if (policy.spec?.failurePolicy === 'Ignore') return
  const names = { policy: nameOf(policy), binding: binding === undefined ? undefined : nameOf(binding) }
  denials.push({ ...names, message, reason: '' })
}
