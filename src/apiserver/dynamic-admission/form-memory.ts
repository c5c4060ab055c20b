import type { KindDeclaration } from '../../apimachinery/define-kind.ts'
import type { RequestForm } from './candidates.ts'

/** Remembers for each form of requests what was found out about it. */
export class FormMemory<T> {
  readonly #find: (form: RequestForm) => T
  #known = new WeakMap<KindDeclaration, Map<string, T>>()

  constructor(find: (form: RequestForm) => T) {
    this.#find = find
  }

  of(form: RequestForm): T {
    const { operation, declaration, subresource } = form
    let byKey = this.#known.get(declaration)
    if (byKey === undefined) {
      byKey = new Map()
      this.#known.set(declaration, byKey)
    }
    const key = `${operation} ${subresource}`
    const known = byKey.get(key)
    if (known !== undefined) return known
    const found = this.#find(form)
    byKey.set(key, found)
    return found
  }

  clear(): void {
    this.#known = new WeakMap()
  }
}
