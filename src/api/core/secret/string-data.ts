import type { core } from '../../generated/types/index.ts'

const chunkBytes = 0x8000

function encodeBase64(text: string): string {
  const bytes = new TextEncoder().encode(text)
  let binary = ''
  for (let start = 0; start < bytes.length; start += chunkBytes)
    binary += String.fromCharCode(...bytes.subarray(start, start + chunkBytes))
  return btoa(binary)
}

/** `stringData` is a way to write `data`, which it overrides; it is never stored. */
export function mergeStringData(secret: core.v1.Secret): core.v1.Secret {
  if (secret.stringData === undefined) return secret
  const { stringData, ...rest } = secret
  const encoded = Object.entries(stringData).map(([key, text]) => [key, encodeBase64(text)] as const)
  if (encoded.length === 0) return rest
  return { ...rest, data: { ...rest.data, ...Object.fromEntries(encoded) } }
}
