import type { admissionregistration } from '../../../api/generated/types/index.ts'
import type { KindDeclaration } from '../../../apimachinery/define-kind.ts'
import type { KubernetesObject } from '../../../apimachinery/meta.ts'
import type { AdmissionOperation } from '../../admission.ts'
import type { ObjectReader } from '../../object-reader.ts'
import { type TypedReader, typedReader } from '../../typed-reader.ts'
import type { RequestForm } from '../candidates.ts'
import { isPolicyConfiguration, isReview } from '../exempt.ts'
import { FormMemory } from '../form-memory.ts'
import type { FollowedManifests } from '../manifests/followed-manifests.ts'
import type { ObjectForms } from '../object-forms.ts'
import { type FormMatch, ResourceMatch } from './resource-match.ts'

/** What policies of both kinds have. */
export interface PolicyObject extends KubernetesObject {
  readonly spec?: Pick<
    admissionregistration.v1.ValidatingAdmissionPolicySpec,
    'failurePolicy' | 'paramKind' | 'matchConstraints'
  >
}

/** What bindings of both kinds have. */
export interface BindingObject extends KubernetesObject {
  readonly spec?: admissionregistration.v1.MutatingAdmissionPolicyBindingSpec
}

/** A policy with its bindings. `Evaluator` is what its expressions were compiled to. */
interface Hook<P extends PolicyObject, B extends BindingObject, Evaluator> {
  readonly policy: P
  readonly match: ResourceMatch | undefined
  readonly bindings: readonly { readonly binding: B; readonly match: ResourceMatch | undefined }[]
  readonly evaluator: () => Evaluator
}

export interface MatchingBinding<B extends BindingObject> {
  readonly binding: B
  /** Undefined: it says nothing that the policy does not say. */
  readonly match: FormMatch | undefined
}

/** A policy whose rules name a form of requests, with those of its bindings whose rules do so as well. */
export interface MatchingPolicy<P extends PolicyObject, B extends BindingObject, Evaluator> {
  readonly policy: P
  readonly match: FormMatch
  readonly bindings: readonly MatchingBinding<B>[]
  readonly evaluator: Evaluator
}

export interface PolicySourceOptions<P extends PolicyObject, B extends BindingObject, Evaluator> {
  readonly reader: ObjectReader
  readonly forms: ObjectForms
  readonly policies: KindDeclaration<P>
  readonly bindings: KindDeclaration<B>
  /** Absent: all policies are configured by the API. */
  readonly manifests: FollowedManifests | undefined
  /** Compiles a policy's expressions: once for each state of a policy, when a request first needs it. */
  readonly compile: (policy: P) => Evaluator
}

const nameOf = ({ metadata }: KubernetesObject): string => metadata?.name ?? ''
const byName = (a: KubernetesObject, b: KubernetesObject): number => (nameOf(a) < nameOf(b) ? -1 : 1)

/** The policies of one kind that are bound now, by the forms of requests that their rules name. */
export class PolicySource<P extends PolicyObject, B extends BindingObject, Evaluator> {
  readonly #options: PolicySourceOptions<P, B, Evaluator>
  readonly #policies: TypedReader<P>
  readonly #bindings: TypedReader<B>
  readonly #matching = new FormMemory((form) => this.#find(form))
  /** By name, with the version that was compiled. */
  readonly #compiled = new Map<string, { readonly version: string; readonly evaluator: Evaluator }>()
  #hooks: readonly Hook<P, B, Evaluator>[] | undefined
  /** Those of files: they are also evaluated for what configures policies, as they can be mended without the API. */
  #manifests: readonly Hook<P, B, Evaluator>[]

  constructor(options: PolicySourceOptions<P, B, Evaluator>) {
    this.#options = options
    this.#policies = typedReader<P>(options.reader, options.policies)
    this.#bindings = typedReader<B>(options.reader, options.bindings)
    this.#manifests = this.#ofManifests()
  }

  onChange(changed: () => void): void {
    const forget = (): void => {
      this.#hooks = undefined
      this.#matching.clear()
      changed()
    }
    this.#policies.onChange((policy, old) => {
      if (policy === undefined && old !== undefined) this.#compiled.delete(nameOf(old))
      forget()
    })
    this.#bindings.onChange(forget)
    this.#options.manifests?.onChange(() => {
      this.#manifests = this.#ofManifests()
      forget()
    })
  }

  matching(
    operation: AdmissionOperation,
    declaration: KindDeclaration,
    subresource: string,
  ): readonly MatchingPolicy<P, B, Evaluator>[] {
    return this.#matching.of({ operation, declaration, subresource })
  }

  #find(form: RequestForm): readonly MatchingPolicy<P, B, Evaluator>[] {
    const { declaration, subresource } = form
    if (isReview(declaration)) return []
    const hooks = isPolicyConfiguration(declaration) ? this.#manifests : this.#all()
    if (hooks.length === 0) return []
    const equivalents = this.#options.forms.equivalents(declaration, subresource)
    return hooks.flatMap(({ policy, match, bindings, evaluator }) => {
      const found = match?.of(form, equivalents)
      if (found === undefined) return []
      const matching = bindings.flatMap((each): readonly MatchingBinding<B>[] => {
        if (each.match === undefined) return [{ binding: each.binding, match: undefined }]
        const own = each.match.of(form, equivalents)
        return own === undefined ? [] : [{ binding: each.binding, match: own }]
      })
      return [{ policy, match: found, bindings: matching, evaluator: evaluator() }]
    })
  }

  /** Those of files first. */
  #all(): readonly Hook<P, B, Evaluator>[] {
    this.#hooks ??= [
      ...this.#manifests,
      ...bound(this.#policies.list(), this.#bindings.list(), (policy) => () => this.#evaluatorOf(policy)),
    ]
    return this.#hooks
  }

  #ofManifests(): readonly Hook<P, B, Evaluator>[] {
    const { manifests, policies, bindings, compile } = this.#options
    if (manifests === undefined) return []
    return bound(manifests.of(policies), manifests.of(bindings), (policy) => {
      const evaluator = compile(policy)
      return () => evaluator
    })
  }

  #evaluatorOf(policy: P): Evaluator {
    const name = nameOf(policy)
    const version = policy.metadata?.resourceVersion ?? ''
    const known = this.#compiled.get(name)
    if (known?.version === version) return known.evaluator
    const evaluator = this.#options.compile(policy)
    this.#compiled.set(name, { version, evaluator })
    return evaluator
  }
}

/** All policies with a binding, by name. */
function bound<P extends PolicyObject, B extends BindingObject, Evaluator>(
  policies: readonly P[],
  bindings: readonly B[],
  evaluatorOf: (policy: P) => () => Evaluator,
): readonly Hook<P, B, Evaluator>[] {
  const sorted = [...bindings].sort(byName)
  const matchOf = (spec: admissionregistration.v1.MatchResources | undefined): ResourceMatch | undefined =>
    spec === undefined ? undefined : new ResourceMatch(spec)
  return [...policies].sort(byName).flatMap((policy) => {
    const own = sorted.filter(({ spec }) => spec?.policyName === nameOf(policy))
    if (own.length === 0) return []
    return {
      policy,
      match: matchOf(policy.spec?.matchConstraints),
      bindings: own.map((binding) => ({ binding, match: matchOf(binding.spec?.matchResources) })),
      evaluator: evaluatorOf(policy),
    }
  })
}
