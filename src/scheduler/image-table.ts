import type { core } from '../api/generated/types/index.ts'
import type { ImageState } from './node-info.ts'

interface MutableImageState extends ImageState {
  readonly nodes: Set<string>
}

const none: ReadonlyMap<string, ImageState> = new Map()

/** Which nodes have which images. */
export class ImageTable {
  readonly #images = new Map<string, MutableImageState>()

  has(name: string): boolean {
    return this.#images.has(name)
  }

  /** The images of a node that has had `before`. */
  update(
    node: string,
    images: readonly core.v1.ContainerImage[] | undefined,
    before: ReadonlyMap<string, ImageState>,
  ): ReadonlyMap<string, ImageState> {
    this.remove(node, before)
    if (images === undefined || images.length === 0) return none
    const states = new Map<string, ImageState>()
    for (const image of images) {
      for (const name of image.names ?? []) {
        const state = this.#images.get(name) ?? { sizeBytes: image.sizeBytes ?? 0, nodes: new Set<string>() }
        this.#images.set(name, state)
        state.nodes.add(node)
        states.set(name, state)
      }
    }
    return states
  }

  remove(node: string, images: ReadonlyMap<string, ImageState>): void {
    for (const name of images.keys()) {
      const state = this.#images.get(name)
      if (state?.nodes.delete(node) && state.nodes.size === 0) this.#images.delete(name)
    }
  }
}
