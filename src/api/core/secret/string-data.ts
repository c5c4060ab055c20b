import { encodeBase64 } from '../../../base/base64.ts'
import type { core } from '../../generated/types/index.ts'

/** `stringData` is a way to write `data`, which it overrides; it is never stored. */
export function mergeStringData(secret: core.v1.Secret): core.v1.Secret {
  if (secret.stringData === undefined) return secret
  const { stringData, ...rest } = secret
  const encoded = Object.entries(stringData).map(
    ([key, text]) => [key, encodeBase64(new TextEncoder().encode(text))] as const,
  )
  if (encoded.length === 0) return rest
  return { ...rest, data: { ...rest.data, ...Object.fromEntries(encoded) } }
}
