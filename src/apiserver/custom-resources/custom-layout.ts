import type { KindDeclaration } from '../../apimachinery/define-kind.ts'
import type { KubernetesObject } from '../../apimachinery/meta.ts'
import { parseObject } from '../cache/decoded-objects.ts'
import { Layout } from '../cache/layout.ts'

/** How the objects of a definition lie in their bytes: what is in the store may be older than the definition. */
export class CustomLayout extends Layout {
  readonly #revive: (stored: KubernetesObject) => KubernetesObject

  /** `revive` gives the same object where nothing of it has to change. */
  constructor(
    kind: KindDeclaration,
    listKind: string,
    revive: (stored: KubernetesObject) => KubernetesObject,
  ) {
    super(kind, { kind: listKind })
    this.#revive = revive
  }

  override normalize(stored: Uint8Array): Uint8Array {
    const object = parseObject(stored)
    const revived = this.#revive(object)
    return revived === object ? super.normalize(stored) : this.store(revived).bytes
  }
}
