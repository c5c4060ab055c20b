import type { authorization } from '../../api/generated/types/index.ts'
import { aggregate } from '../../apimachinery/aggregate.ts'
import {
  type Environment,
  listDecl,
  mapDecl,
  nativeValue,
  objectDecl,
  type Program,
  storedEnvironment,
  stringDecl,
} from '../../apimachinery/cel/index.ts'
import { describeType } from '../../apimachinery/cel/types/type.ts'
import type { Host } from '../../base/host.ts'
import type { AuthorizationMetrics } from './authorization-metrics.ts'

type Spec = authorization.v1.SubjectAccessReviewSpec

const requirementDecl = objectDecl('kubernetes.SelectorRequirement', {
  key: stringDecl,
  operator: stringDecl,
  values: listDecl(stringDecl),
})
const selectorDecl = (name: string) =>
  objectDecl(name, { rawSelector: stringDecl, requirements: listDecl(requirementDecl) })

/** The variable `request`. */
const requestDecl = objectDecl('kubernetes.SubjectAccessReviewSpec', {
  resourceAttributes: objectDecl('kubernetes.ResourceAttributes', {
    namespace: stringDecl,
    verb: stringDecl,
    group: stringDecl,
    version: stringDecl,
    resource: stringDecl,
    subresource: stringDecl,
    name: stringDecl,
    fieldSelector: selectorDecl('kubernetes.FieldSelectorAttributes'),
    labelSelector: selectorDecl('kubernetes.LabelSelectorAttributes'),
  }),
  nonResourceAttributes: objectDecl('kubernetes.NonResourceAttributes', {
    path: stringDecl,
    verb: stringDecl,
  }),
  user: stringDecl,
  groups: listDecl(stringDecl),
  extra: mapDecl(stringDecl, listDecl(stringDecl)),
  uid: stringDecl,
})

/** What a condition may name. */
export const reviewEnvironment = (): Environment =>
  storedEnvironment().extend({ variables: { request: requestDecl } })

/** A match condition of a webhook, compiled. */
export interface ReviewCondition {
  readonly text: string
  readonly program: Program
}

/** `error`: upstream's text. */
export function compileCondition(
  environment: Environment,
  text: string,
): ReviewCondition | { readonly error: string } {
  const compilation = environment.compile(text)
  if ('error' in compilation) return { error: `compilation failed: ${compilation.error}` }
  const { expression } = compilation
  const type = describeType(expression.outputType)
  if (type !== 'bool') return { error: `must evaluate to bool but got ${type}` }
  const planned = expression.program()
  if ('error' in planned) return { error: `program instantiation failed: ${planned.error}` }
  return { text, program: planned.program }
}

/** A review as conditions see it: every text is there, also where the review leaves it out. */
function requestOf({
  user,
  groups,
  uid,
  extra,
  resourceAttributes: what,
  nonResourceAttributes,
}: Spec): object {
  return {
    user: user ?? '',
    groups: groups ?? [],
    uid: uid ?? '',
    extra: extra ?? {},
    ...(what === undefined
      ? {}
      : {
          resourceAttributes: {
            namespace: '',
            verb: '',
            group: '',
            version: '',
            resource: '',
            subresource: '',
            name: '',
            ...what,
          },
        }),
    ...(nonResourceAttributes === undefined
      ? {}
      : { nonResourceAttributes: { verb: '', path: '', ...nonResourceAttributes } }),
  }
}

export interface ReviewConditionsOptions {
  readonly host: Host
  readonly metrics: AuthorizationMetrics
  /** Of the authorizer. */
  readonly name: string
  readonly conditions: readonly ReviewCondition[]
}

/** `matchConditions`: a webhook is asked only about requests that all of them are true for. */
export class ReviewConditions {
  readonly #options: ReviewConditionsOptions

  constructor(options: ReviewConditionsOptions) {
    this.#options = options
  }

  /** An error where one could not be evaluated and none is false. */
  match(spec: Spec): boolean | { readonly error: string } {
    const { host, metrics, name, conditions } = this.#options
    if (conditions.length === 0) return true
    const startedMs = host.monotonicMs()
    const labels = ['Webhook', name]
    const errors: string[] = []
    const isExcluded = this.#isExcluded(spec, errors)
    if (isExcluded) metrics.conditionExclusions.inc(labels)
    if (errors.length > 0) metrics.conditionErrors.inc(labels)
    metrics.conditionSeconds.observe((host.monotonicMs() - startedMs) / 1000, labels)
    if (isExcluded) return false
    return errors.length === 0 ? true : { error: aggregate(errors) }
  }

  #isExcluded(spec: Spec, errors: string[]): boolean {
    const request = nativeValue(requestOf(spec))
    for (const { text, program } of this.#options.conditions) {
      const result = program.evaluate({ request })
      if (!result.ok)
        errors.push(`cel evaluation error: expression '${text}' resulted in error: ${result.error}`)
      else if (result.value === false) return true
    }
    return false
  }
}
