import type { FieldMatcher } from '../../apimachinery/selectors/field-selector.ts'
import type { RequestInfo } from '../request.ts'

const keyOf = (group: string, resource: string, namespace: string, name: string): string =>
  `${group}/${resource}/${namespace}/${name}`

/** Fields by whose value watches are found, so that a write costs nothing for those that want another one. */
const indexedFields: Readonly<Record<string, string>> = { pods: 'spec.nodeName' }

/** How many watches a write makes work for. */
export class WatchCounts {
  readonly #counts = new Map<string, number>()

  /** A watch begins; gives what is to be called at its end. */
  add({ group, resource, namespace, name }: RequestInfo, fields: FieldMatcher): () => void {
    const indexed = indexedFields[resource]
    if (indexed !== undefined && (fields.exactValue(indexed) ?? '') !== '') return () => {}
    const key = keyOf(group, resource, namespace, name)
    this.#change(key, 1)
    return () => this.#change(key, -1)
  }

  #change(key: string, by: number): void {
    const count = (this.#counts.get(key) ?? 0) + by
    if (count === 0) this.#counts.delete(key)
    else this.#counts.set(key, count)
  }

  interestedIn({ group, resource, namespace, name }: RequestInfo): number {
    const of = (key: string): number => this.#counts.get(key) ?? 0
    let count = of(keyOf(group, resource, '', ''))
    if (namespace !== '') count += of(keyOf(group, resource, namespace, ''))
    if (name !== '') count += of(keyOf(group, resource, namespace, name))
    return count
  }
}
