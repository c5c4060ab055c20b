import type { StringMap } from '../../apimachinery/meta.ts'

/** What a record's decoded form tells that is needed to find and filter it; absent until somebody asked. */
export interface Attributes {
  readonly labels: StringMap | undefined
  /** Values of the kind's selectable fields, in the order of the declaration. */
  readonly fields: readonly string[]
}

/**
 * One object at one revision: its bytes as clients get them, and as little else as possible. Never changes in what
 * it says; a write makes a new one.
 */
export class CachedObject {
  /** `namespace/name`, or `name` for cluster-scoped kinds: the key below the resource's prefix. */
  readonly id: string
  readonly namespace: string
  readonly name: string
  readonly revision: number
  readonly bytes: Uint8Array
  /** Where metadata ends in `bytes`; 0 until somebody has looked. Kept by ResourceCache. */
  metadataEnd: number
  /** Kept by ResourceCache. */
  attributes: Attributes | undefined

  constructor(
    id: string,
    revision: number,
    bytes: Uint8Array,
    metadataEnd: number,
    attributes: Attributes | undefined,
  ) {
    const slash = id.indexOf('/')
    this.id = id
    this.namespace = slash < 0 ? '' : id.slice(0, slash)
    this.name = slash < 0 ? id : id.slice(slash + 1)
    this.revision = revision
    this.bytes = bytes
    this.metadataEnd = metadataEnd
    this.attributes = attributes
  }
}

/**
 * The last state of an object that is gone, or that some watchers no longer see, at the revision of that change. The
 * object itself may live on at the same revision with another content: what is made of the one is not the other's.
 */
export class GoneObject extends CachedObject {}
