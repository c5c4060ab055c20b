import { encodeBase64Url } from '../../base/base64.ts'
import { hmacSha256 } from '../../base/hmac.ts'
import type { Host } from '../../base/host.ts'

/** Before a token's id: the name of its signature. */
export const signaturePrefix = 'jws-kubeconfig-'

interface Token {
  readonly id: string
  readonly secret: string
}

/** A JSON Web Signature (RFC 7515) without its contents, by the token's secret. */
export function detachedSignature(
  content: string,
  { id, secret }: Token,
  host: Pick<Host, 'sha256'>,
): string {
  const encoder = new TextEncoder()
  const encode = (text: string): string => encodeBase64Url(encoder.encode(text))
  const header = encode(JSON.stringify({ alg: 'HS256', kid: id }))
  const signed = encoder.encode(`${header}.${encode(content)}`)
  return `${header}..${encodeBase64Url(hmacSha256(host, encoder.encode(secret), signed))}`
}

/** The data of `cluster-info` with a signature of its kubeconfig by each token, and by no other; undefined without a kubeconfig. */
export function signClusterInfo(
  data: Readonly<Record<string, string>>,
  tokens: readonly Token[],
  host: Pick<Host, 'sha256'>,
): Readonly<Record<string, string>> | undefined {
  const content = data.kubeconfig
  if (content === undefined) return undefined
  const kept = Object.entries(data).filter(([key]) => !key.startsWith(signaturePrefix))
  const signatures = tokens.map((token): [string, string] => [
    signaturePrefix + token.id,
    detachedSignature(content, token, host),
  ])
  return Object.fromEntries([...kept, ...signatures])
}
