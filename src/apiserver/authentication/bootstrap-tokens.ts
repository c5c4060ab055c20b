import {
  bootstrapTokenGroups,
  bootstrapTokenNamespace,
  bootstrapTokenType,
  usableToken,
} from '../../api/core/secret/bootstrap-token.ts'
import type { core } from '../../api/generated/types/index.ts'
import type { Host } from '../../base/host.ts'
import { sameText } from '../../base/same-text.ts'
import type { Authentication } from '../authenticator.ts'
import type { ObjectReader } from '../object-reader.ts'
import { type TypedReader, typedReader } from '../typed-reader.ts'
import type { TokenAuthenticator } from './token-authenticator.ts'

const tokenForm = /^([a-z0-9]{6})\.([a-z0-9]{16})$/

/** Tokens that nodes join a cluster with: `id.secret`, kept in Secrets of kube-system. */
export class BootstrapTokens implements TokenAuthenticator {
  readonly #host: Host
  readonly #secrets: TypedReader<core.v1.Secret>

  constructor(host: Host, reader: ObjectReader) {
    this.#host = host
    this.#secrets = typedReader(reader, { group: '', resource: 'secrets' })
  }

  authenticateToken(token: string): Authentication | undefined {
    const [, id, value] = tokenForm.exec(token) ?? []
    if (id === undefined || value === undefined) return undefined
    const secret = this.#secrets.get(bootstrapTokenNamespace, `bootstrap-token-${id}`)
    if (secret?.type !== bootstrapTokenType || secret.metadata?.deletionTimestamp !== undefined)
      return undefined
    const usable = usableToken(secret, 'authentication', this.#host.now())
    if (usable === undefined || !sameText(usable.secret, value)) return undefined
    const groups = bootstrapTokenGroups(secret)
    return groups === undefined ? undefined : { user: { name: `system:bootstrap:${id}`, groups } }
  }
}
