import type { Endpoint } from '../endpoint.ts'
import type { ServerRequest } from '../request.ts'
import { type ServerResponse, textResponse } from '../response.ts'
import type { TokenKeys } from './token-keys.ts'

const configurationPath = '/.well-known/openid-configuration'
const keysPath = '/openid/v1/jwks'
/** Upstream's; a key must be published that long before it signs. */
const maxAgeSeconds = 3600

/** How others verify service-account tokens: OpenID Connect discovery (KEP-1393). */
export class OpenIdEndpoint implements Endpoint {
  readonly paths = [configurationPath, keysPath]
  readonly #configuration: string
  readonly #keys: string

  /** `baseUrl`: under which clients reach the server, without a slash at its end; `keysUrl`: where they are told to get the keys. */
  constructor(issuer: string, baseUrl: string, keys: TokenKeys, keysUrl = `${baseUrl}${keysPath}`) {
    this.#configuration = JSON.stringify({
      issuer,
      jwks_uri: keysUrl,
      response_types_supported: ['id_token'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: [keys.algorithm],
    })
    this.#keys = JSON.stringify({ keys: keys.publicKeys })
  }

  async handle(request: ServerRequest): Promise<ServerResponse> {
    const headers = { 'cache-control': `public, max-age=${maxAgeSeconds}` }
    return request.path === keysPath
      ? textResponse(this.#keys, 200, 'application/jwk-set+json', headers)
      : textResponse(this.#configuration, 200, 'application/json', headers)
  }
}
