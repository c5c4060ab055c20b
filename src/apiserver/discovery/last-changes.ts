import type { Host } from '../../base/host.ts'

/** Since when documents are as they are, to the second, as far as somebody has asked. */
export class LastChanges {
  readonly #host: Host
  readonly #seen = new Map<string, { readonly hash: string; readonly ms: number }>()

  constructor(host: Host) {
    this.#host = host
  }

  /** In milliseconds. */
  of(document: string, hash: string): number {
    const seen = this.#seen.get(document)
    if (seen?.hash === hash) return seen.ms
    const ms = Math.floor(this.#host.now() / 1000) * 1000
    this.#seen.set(document, { hash, ms })
    return ms
  }

  /** Forgets those that are no longer there. */
  keep(documents: ReadonlySet<string>): void {
    for (const name of this.#seen.keys()) if (!documents.has(name)) this.#seen.delete(name)
  }
}
