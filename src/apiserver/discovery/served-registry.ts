import type { ServedResource } from './served-resource.ts'

/**
 * Everything that is served, by who serves it: the built-in kinds, custom resources, other servers. One list for
 * discovery, OpenAPI and whoever has to know every kind; it says when it changes.
 */
export class ServedRegistry {
  readonly #sources = new Map<string, () => readonly ServedResource[]>()
  readonly #handlers = new Set<() => void>()
  #list: readonly ServedResource[] | undefined
  #version = 0

  /** Rises with every change. */
  get version(): number {
    return this.#version
  }

  /** Sources in the order of their first appearance. */
  list(): readonly ServedResource[] {
    this.#list ??= [...this.#sources.values()].flatMap((resources) => resources())
    return this.#list
  }

  /** From now on the source serves these; they are asked for when somebody wants to know, and once for each change. */
  replace(source: string, resources: () => readonly ServedResource[]): void {
    this.#sources.set(source, resources)
    this.#list = undefined
    this.#version++
    for (const handler of this.#handlers) handler()
  }

  /** Called synchronously after each change. Returns what removes the handler. */
  onChange(handler: () => void): () => void {
    this.#handlers.add(handler)
    return () => {
      this.#handlers.delete(handler)
    }
  }
}
