import type { GroupVersionKind } from '../apimachinery/define-kind.ts'
import { columnDescriptions } from './generated/column-descriptions.ts'

/** Of a built-in kind: the names of its printer columns, and what they show in upstream's words. */
export function columnDescriptionsOf({
  group,
  kind,
}: Pick<GroupVersionKind, 'group' | 'kind'>): Readonly<Record<string, string>> {
  const text = columnDescriptions[`${group}/${kind}`]
  return text === undefined ? {} : JSON.parse(text)
}
