import { DecodeError } from '../../apimachinery/codec/decode-error.ts'
import { parseJsonBody } from '../../apimachinery/codec/json-body.ts'
import type { GroupVersionKind } from '../../apimachinery/define-kind.ts'
import { kindOfObject } from '../../apimachinery/kind-of-object.ts'
import type { KubernetesObject } from '../../apimachinery/meta.ts'
import { UnreadableValue } from '../../storage/unreadable-value.ts'

/** What is in the store but cannot be read. */
export interface CorruptObject {
  readonly revision: number
  /** In upstream's words. */
  readonly why: string
}

const closingBrace = 0x7d
/** How encrypted values begin. */
const encrypted = new TextEncoder().encode('k8s:enc:')

const isEncrypted = (stored: Uint8Array): boolean => encrypted.every((byte, index) => stored[index] === byte)

/** What shows without reading all of it: a write that was cut short ends anywhere, and so does an encrypted one. */
export const mayBeObject = (stored: Uint8Array): boolean =>
  stored.at(-1) === closingBrace && !isEncrypted(stored) && !(stored instanceof UnreadableValue)

/** What encryption at rest makes of it: without a configuration nobody has even tried. */
function whyNotUndone(stored: Uint8Array): string | undefined {
  if (stored instanceof UnreadableValue) return stored.why
  return isEncrypted(stored) ? 'identity transformer tried to read encrypted data' : undefined
}

/** Why it cannot be read as an object of a kind. `error` is what reading it has thrown, if it has. */
export function corruptObject(
  stored: Uint8Array,
  revision: number,
  kind: GroupVersionKind,
  error?: unknown,
): CorruptObject {
  const undone = whyNotUndone(stored)
  if (undone !== undefined)
    return { revision, why: `data from the storage is not transformable revision=0: ${undone}` }
  return { revision, why: `object not decodable revision=${revision}: ${complaint(stored, kind, error)}` }
}

function complaint(stored: Uint8Array, kind: GroupVersionKind, error: unknown): string {
  try {
    const { value } = parseJsonBody(stored)
    const object: KubernetesObject = typeof value === 'object' && value !== null ? value : {}
    const own = kindOfObject(object)
    if (own.kind !== kind.kind)
      return `converting (${own.version}.${own.kind}) to ${kind.kind}: unknown conversion`
  } catch (unreadable) {
    if (unreadable instanceof DecodeError) return unreadable.message
  }
  return error instanceof Error ? error.message : 'it makes no sense'
}
