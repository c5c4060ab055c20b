import { goQuote } from '../../../apimachinery/go-text.ts'
import type { Host } from '../../../base/host.ts'
import { isRecord } from '../../../base/is-record.ts'
import { messageOf } from '../../../base/message-of.ts'
import type { OutsideCaller } from '../../outside/outside-caller.ts'
import { askIssuer } from './remote-keys.ts'

const wellKnown = '/.well-known/openid-configuration'

const withoutSlash = (url: string): string => (url.endsWith('/') ? url.slice(0, -1) : url)

/** Where an issuer's keys are, as its configuration says (OpenID Connect Discovery 1.0). Rejects with an Error in upstream's words. */
export async function keysUrlOf(
  host: Host,
  caller: OutsideCaller,
  issuer: string,
  discoveryUrl: string | undefined,
): Promise<string> {
  const { status, text } = await askIssuer(host, caller, discoveryUrl ?? withoutSlash(issuer) + wellKnown)
  if (status !== 200) throw new Error(`${status}: ${text}`)
  let configuration: unknown
  try {
    configuration = JSON.parse(text)
  } catch (error) {
    const why = messageOf(error)
    throw new Error(`oidc: failed to decode provider discovery object: ${why}`)
  }
  const { issuer: named, jwks_uri: url } = isRecord(configuration) ? configuration : {}
  if (named !== issuer) {
    throw new Error(
      `oidc: issuer did not match the issuer returned by provider, expected ${goQuote(issuer)} got ${goQuote(String(named ?? ''))}`,
    )
  }
  if (typeof url !== 'string' || url === '') throw new Error('provider did not return JWKS URL')
  return url
}
