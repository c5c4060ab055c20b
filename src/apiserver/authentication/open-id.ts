import type { Endpoint } from '../endpoint.ts'
import type { ServerRequest } from '../request.ts'
import { type ServerResponse, textResponse } from '../response.ts'
import { checkService } from '../routing.ts'
import type { AccountKeys } from './account-keys.ts'

const configurationPath = '/.well-known/openid-configuration'
const keysPath = '/openid/v1/jwks'
interface Documents {
  readonly of: AccountKeys['publicKeys']
  readonly configuration: string
  readonly keys: string
}

/** How others verify service-account tokens: OpenID Connect discovery (KEP-1393). */
export class OpenIdEndpoint implements Endpoint {
  readonly paths = [configurationPath, keysPath].flatMap((path) => [path, `${path}/*`])
  readonly #issuer: string
  readonly #keys: AccountKeys
  readonly #keysUrl: string
  /** Of the keys that are known at the time. */
  #documents: Documents

  /** `baseUrl`: under which clients reach the server, without a slash at its end; `keysUrl`: where they are told to get the keys. */
  constructor(issuer: string, baseUrl: string, keys: AccountKeys, keysUrl = `${baseUrl}${keysPath}`) {
    this.#issuer = issuer
    this.#keys = keys
    this.#keysUrl = keysUrl
    this.#documents = this.#written()
  }

  #written(): Documents {
    const { publicKeys } = this.#keys
    const algorithms = [...new Set(publicKeys.map(({ alg = '' }) => alg))].sort()
    return {
      of: publicKeys,
      // The key that signs may be among those that verify.
      keys: JSON.stringify({ keys: [...new Map(publicKeys.map((key) => [key.kid, key])).values()] }),
      configuration: JSON.stringify({
        issuer: this.#issuer,
        jwks_uri: this.#keysUrl,
        response_types_supported: ['id_token'],
        subject_types_supported: ['public'],
        id_token_signing_alg_values_supported: algorithms,
      }),
    }
  }

  index(): readonly string[] {
    return [configurationPath, keysPath]
  }

  async handle(request: ServerRequest): Promise<ServerResponse> {
    const path = request.path.startsWith(keysPath) ? keysPath : configurationPath
    checkService(request, path)
    if (this.#documents.of !== this.#keys.publicKeys) this.#documents = this.#written()
    const { keys, configuration } = this.#documents
    const headers = { 'cache-control': `public, max-age=${this.#keys.maxAgeSeconds}` }
    return path === keysPath
      ? textResponse(keys, 200, 'application/jwk-set+json', headers)
      : textResponse(configuration, 200, 'application/json', headers)
  }
}
