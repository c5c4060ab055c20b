import type { authorization } from '../../api/generated/types/index.ts'

type FieldSelector = authorization.v1.FieldSelectorAttributes
type LabelSelector = authorization.v1.LabelSelectorAttributes
type Requirement = NonNullable<LabelSelector['requirements']>[number]

/** Requirements that cannot be written down are left out: the question only becomes broader, never narrower. */
function fieldText({ key, operator, values = [] }: Requirement): readonly string[] {
  const [value] = values
  if (values.length !== 1 || value === undefined) return []
  if (operator === 'In') return [`${key}=${value}`]
  return operator === 'NotIn' ? [`${key}!=${value}`] : []
}

function labelText({ key, operator, values = [] }: Requirement): readonly string[] {
  switch (operator) {
    case 'In':
      return [`${key} in (${values.join(',')})`]
    case 'NotIn':
      return [`${key} notin (${values.join(',')})`]
    case 'Exists':
      return [key]
    case 'DoesNotExist':
      return [`!${key}`]
    default:
      return []
  }
}

const textOf = (
  selector: FieldSelector | LabelSelector | undefined,
  toText: (requirement: Requirement) => readonly string[],
): string => selector?.rawSelector || (selector?.requirements ?? []).flatMap(toText).join(',')

/** A review's selectors as a request's parameters would say them (KEP-4601). */
export function selectorTexts(attributes: authorization.v1.ResourceAttributes | undefined): {
  readonly fieldSelector?: string
  readonly labelSelector?: string
} {
  const fieldSelector = textOf(attributes?.fieldSelector, fieldText)
  const labelSelector = textOf(attributes?.labelSelector, labelText)
  return {
    ...(fieldSelector === '' ? {} : { fieldSelector }),
    ...(labelSelector === '' ? {} : { labelSelector }),
  }
}
