import type { authorization } from '../../api/generated/types/index.ts'
import { goQuote } from '../../apimachinery/go-text.ts'
import { type FieldRequirement, parseFieldSelector } from '../../apimachinery/selectors/field-selector.ts'
import {
  type LabelOperator,
  type LabelRequirement,
  requirementErrors,
} from '../../apimachinery/selectors/label-requirement.ts'
import { parseLabelSelector } from '../../apimachinery/selectors/parse-label-selector.ts'
import { StatusError } from '../../apimachinery/status-error.ts'
import type { AuthorizerAttributes, SelectorAttributes } from '../authorizer.ts'

type FieldSelector = authorization.v1.FieldSelectorAttributes
type LabelSelector = authorization.v1.LabelSelectorAttributes
type Requirement = NonNullable<LabelSelector['requirements']>[number]

const nothing = { requirements: [] }

function parsed<R>(text: string, parse: (text: string) => readonly R[]): SelectorAttributes<R> {
  try {
    return { requirements: parse(text) }
  } catch (error) {
    if (!(error instanceof StatusError)) throw error
    return { requirements: [], error: error.message }
  }
}

const parseFields = (text: string): SelectorAttributes<FieldRequirement> =>
  parsed(text, (selector) => parseFieldSelector(selector).requirements)

const parseLabels = (text: string): SelectorAttributes<LabelRequirement> =>
  parsed(text, (selector) => parseLabelSelector(selector).requirements ?? [])

/** What a request selects by fields; read when an authorizer wants it. */
export function fieldsOf({ fieldSelector }: AuthorizerAttributes): SelectorAttributes<FieldRequirement> {
  if (fieldSelector === undefined) return nothing
  return typeof fieldSelector === 'string' ? parseFields(fieldSelector) : fieldSelector
}

/** What a request selects by labels. */
export function labelsOf({ labelSelector }: AuthorizerAttributes): SelectorAttributes<LabelRequirement> {
  if (labelSelector === undefined) return nothing
  return typeof labelSelector === 'string' ? parseLabels(labelSelector) : labelSelector
}

function collect<R>(
  requirements: readonly Requirement[],
  convert: (requirement: Requirement) => R | string,
): SelectorAttributes<R> {
  const known: R[] = []
  const errors: string[] = []
  for (const requirement of requirements) {
    const converted = convert(requirement)
    if (typeof converted === 'string') errors.push(converted)
    else known.push(converted)
  }
  return { requirements: known, ...(errors.length === 0 ? {} : { error: errors.join(', ') }) }
}

function fieldRequirement({ key, operator, values = [] }: Requirement): FieldRequirement | string {
  const [value] = values
  if (values.length > 1) return 'fieldSelectors do not yet support multiple values'
  if (operator === 'Exists' || operator === 'DoesNotExist')
    return `fieldSelectors do not yet support ${operator}`
  if (operator !== 'In' && operator !== 'NotIn')
    return `${goQuote(operator)} is not a valid field selector operator`
  if (value === undefined) return `fieldSelectors ${operator === 'In' ? 'in' : 'not in'} must have one value`
  return { field: key, operator: operator === 'In' ? '=' : '!=', value }
}

const labelOperators: ReadonlyMap<string, LabelOperator> = new Map([
  ['In', 'in'],
  ['NotIn', 'notin'],
  ['Exists', 'exists'],
  ['DoesNotExist', '!'],
])

function labelRequirement({ key, operator, values = [] }: Requirement): LabelRequirement | string {
  const known = labelOperators.get(operator)
  if (known === undefined) return `${goQuote(operator)} is not a valid label selector operator`
  const requirement = { key, operator: known, values }
  const [first] = requirementErrors(requirement)
  return first === undefined ? requirement : `${first.field}: ${first.message}`
}

const fieldsOfReview = ({ rawSelector = '', requirements = [] }: FieldSelector) =>
  requirements.length > 0 ? collect(requirements, fieldRequirement) : parseFields(rawSelector)

const labelsOfReview = ({ rawSelector = '', requirements = [] }: LabelSelector) =>
  requirements.length > 0 ? collect(requirements, labelRequirement) : parseLabels(rawSelector)

/** The selectors of a review. */
export const selectorsOfReview = ({
  fieldSelector,
  labelSelector,
}: authorization.v1.ResourceAttributes = {}): Pick<
  AuthorizerAttributes,
  'fieldSelector' | 'labelSelector'
> => ({
  ...(fieldSelector === undefined ? {} : { fieldSelector: fieldsOfReview(fieldSelector) }),
  ...(labelSelector === undefined ? {} : { labelSelector: labelsOfReview(labelSelector) }),
})

type ApiFields = NonNullable<FieldSelector['requirements']>
type ApiLabels = NonNullable<LabelSelector['requirements']>

const apiLabelOperators: Readonly<Partial<Record<LabelOperator, string>>> = {
  '=': 'In',
  '==': 'In',
  in: 'In',
  '!=': 'NotIn',
  notin: 'NotIn',
  exists: 'Exists',
  '!': 'DoesNotExist',
}

/** As reviews that webhooks get show the selectors of a request. */
export function reviewSelectors(attributes: AuthorizerAttributes): {
  readonly fieldSelector?: FieldSelector
  readonly labelSelector?: LabelSelector
} {
  const fields: ApiFields = fieldsOf(attributes).requirements.map(({ field, operator, value }) => ({
    key: field,
    operator: operator === '=' ? 'In' : 'NotIn',
    values: [value],
  }))
  const labels: ApiLabels = labelsOf(attributes).requirements.flatMap(({ key, operator, values }) => {
    const known = apiLabelOperators[operator]
    // Others are left out: the question is broader then.
    return known === undefined ? [] : [{ key, operator: known, ...(values.length === 0 ? {} : { values }) }]
  })
  return {
    ...(fields.length === 0 ? {} : { fieldSelector: { requirements: fields } }),
    ...(labels.length === 0 ? {} : { labelSelector: { requirements: labels } }),
  }
}
