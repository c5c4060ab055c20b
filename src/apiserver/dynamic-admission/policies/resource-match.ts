import type { admissionregistration } from '../../../api/generated/types/index.ts'
import type { KindDeclaration } from '../../../apimachinery/define-kind.ts'
import type { StatusError } from '../../../apimachinery/status-error.ts'
import type { AdmissionAttributes } from '../../admission.ts'
import type { ObjectReader } from '../../object-reader.ts'
import { type Candidate, candidateFor, candidatesOf, type RequestForm } from '../candidates.ts'
import { Selection } from '../selection.ts'

type MatchResources = admissionregistration.v1.MatchResources

/** What a policy or binding says of requests of one form; names and labels are still to be looked at. */
export interface FormMatch {
  readonly selection: Selection
  readonly candidates: readonly Candidate[]
  readonly excluded: readonly Candidate[]
}

/** `matchConstraints` of a policy, or `matchResources` of a binding. */
export class ResourceMatch {
  readonly #spec: MatchResources
  readonly #selection: Selection

  constructor(spec: MatchResources) {
    this.#spec = spec
    this.#selection = new Selection(spec.namespaceSelector, spec.objectSelector)
  }

  /** Undefined where no request of the form can match. */
  of(form: RequestForm, equivalents: readonly KindDeclaration[]): FormMatch | undefined {
    const { resourceRules = [], excludeResourceRules = [], matchPolicy } = this.#spec
    const others = matchPolicy === 'Exact' ? [] : equivalents
    const candidates =
      resourceRules.length === 0
        ? [{ declaration: form.declaration, names: [] }]
        : candidatesOf(resourceRules, form, others)
    if (candidates.length === 0) return undefined
    const excluded = candidatesOf(excludeResourceRules, form, others)
    return { selection: this.#selection, candidates, excluded }
  }
}

/** The version in which a matching request is shown; undefined: it does not match; an error: it cannot be told. */
export function matchRequest(
  { selection, candidates, excluded }: FormMatch,
  attributes: AdmissionAttributes,
  reader: ObjectReader,
): KindDeclaration | StatusError | undefined {
  const selected = selection.matches(attributes, attributes.object, reader)
  if (selected === false) return undefined
  if (candidateFor(excluded, attributes.name) !== undefined) return undefined
  const candidate = candidateFor(candidates, attributes.name)
  if (candidate === undefined || selected === true) return candidate?.declaration
  return selected
}
