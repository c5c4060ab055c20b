import { parseJson } from '../../apimachinery/codec/json-parse.ts'
import { anyDepth } from '../../apimachinery/codec/json-scan.ts'
import { resolveExactly } from '../../apimachinery/codec/number-literal.ts'
import type { KindDeclaration } from '../../apimachinery/define-kind.ts'
import type { KubernetesObject } from '../../apimachinery/meta.ts'
import { Layout } from '../cache/layout.ts'

const decoder = new TextDecoder()
/** What may be an integer that a number cannot hold. */
const longNumber = /\d{16}/

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

  /** Integers of 64 bits are kept as they are: a client's schema may leave everything open. */
  override parse(bytes: Uint8Array): KubernetesObject {
    const text = decoder.decode(bytes)
    if (!longNumber.test(text)) return JSON.parse(text)
    return resolveExactly(parseJson(text, anyDepth).value) as KubernetesObject
  }

  override normalize(stored: Uint8Array): Uint8Array {
    const object = this.parse(stored)
    const revived = this.#revive(object)
    return revived === object ? super.normalize(stored) : this.store(revived).bytes
  }
}
