import { jsonText } from '../../base/json-text.ts'

const encoder = new TextEncoder()

export const encodeText = (text: string): Uint8Array => encoder.encode(text)

export const encodeJson = (value: unknown): Uint8Array => encoder.encode(jsonText(value))

/** One array of all parts. */
export function concatenate(parts: readonly Uint8Array[]): Uint8Array {
  let length = 0
  for (const part of parts) length += part.length
  const whole = new Uint8Array(length)
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

export const initialEventsEndAnnotation = 'k8s.io/initial-events-end'

/** What a bookmark says beside its kind. */
export const bookmarkMetadata = (revision: number, initialEventsEnd: boolean): object => ({
  resourceVersion: String(revision),
  ...(initialEventsEnd ? { annotations: { [initialEventsEndAnnotation]: 'true' } } : {}),
})
