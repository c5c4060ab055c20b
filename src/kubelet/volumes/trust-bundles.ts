import { ClusterTrustBundle } from '../../api/certificates/cluster-trust-bundle/kind.ts'
import type { certificates, core } from '../../api/generated/types/index.ts'
import { formatLabelSelector } from '../../apimachinery/selectors/label-selector.ts'
import { StatusError } from '../../apimachinery/status-error.ts'
import { AnswerCache } from '../../base/answer-cache.ts'
import { encodeBase64 } from '../../base/base64.ts'
import { hmacSha256 } from '../../base/hmac.ts'
import type { Host } from '../../base/host.ts'
import { messageOf } from '../../base/message-of.ts'
import { pemBlocks, toPem } from '../../base/pem.ts'
import type { Client } from '../../client/client.ts'

type Projection = core.v1.ClusterTrustBundleProjection
type Bundle = certificates.v1beta1.ClusterTrustBundle

/** Upstream's bounds. */
const maxAnswers = 256
const maxSelectorLength = 100 * 1024
/** All pods of a node that want the same ask once in that time. */
const lifeMs = 10_000
const keyBytes = 32

const isNotFound = (error: unknown): boolean =>
  error instanceof StatusError && error.status.reason === 'NotFound'

/** Authorities of ClusterTrustBundles for projected volumes (KEP-3257): each once, in an order that a restart of the node changes. */
export class TrustBundles {
  readonly #client: Client
  readonly #host: Host
  readonly #orderKey: Uint8Array
  readonly #answers: AnswerCache<string>

  constructor(client: Client, host: Host) {
    this.#client = client
    this.#host = host
    this.#orderKey = host.randomBytes(keyBytes)
    this.#answers = new AnswerCache(host, maxAnswers)
  }

  /** PEM; '' for what is optional and not there. Rejects with upstream's text. */
  anchors(projection: Projection): Promise<string> {
    const { name, signerName, labelSelector, optional } = projection
    const key = JSON.stringify([name, signerName, labelSelector, optional])
    return this.#answers.get(
      key,
      async () => this.#normalized(await this.#bundles(projection)),
      () => lifeMs,
    )
  }

  async #bundles({
    name,
    signerName,
    labelSelector,
    optional = false,
  }: Projection): Promise<readonly Bundle[]> {
    const bundles = this.#client.resource(ClusterTrustBundle)
    if (name !== undefined) {
      try {
        return [await bundles.get('', name)]
      } catch (error) {
        if (optional && isNotFound(error)) return []
        throw new Error(`while getting ClusterTrustBundle: ${messageOf(error)}`)
      }
    }
    if (signerName === undefined)
      throw new Error('ClusterTrustBundle projection requires either name or signerName to be set')
    const text = formatLabelSelector(labelSelector)
    if (text.length > maxSelectorLength)
      throw new Error(`label selector length (${text.length}) is larger than ${maxSelectorLength}`)
    // No selector selects nothing, an empty one everything.
    const items = labelSelector === undefined ? [] : await this.#listed(signerName, labelSelector, text)
    if (items.length === 0 && !optional)
      throw new Error('combination of signerName and labelSelector matched zero ClusterTrustBundles')
    return items
  }

  async #listed(
    signerName: string,
    { matchLabels = {}, matchExpressions = [] }: NonNullable<Projection['labelSelector']>,
    text: string,
  ): Promise<readonly Bundle[]> {
    const isEmpty = Object.keys(matchLabels).length === 0 && matchExpressions.length === 0
    try {
      const { items } = await this.#client.resource(ClusterTrustBundle).list({
        fieldSelector: `spec.signerName=${signerName}`,
        ...(isEmpty ? {} : { labelSelector: text }),
      })
      return items
    } catch (error) {
      throw new Error(
        `while listing ClusterTrustBundles matching label selector ${text}: ${messageOf(error)}`,
      )
    }
  }

  #normalized(bundles: readonly Bundle[]): string {
    const blocks = bundles.flatMap(({ spec }) => pemBlocks(spec?.trustBundle ?? ''))
    const anchors = new Map(
      blocks.map(({ bytes }) => [encodeBase64(hmacSha256(this.#host, this.#orderKey, bytes)), bytes]),
    )
    return [...anchors]
      .sort(([left], [right]) => (left < right ? -1 : 1))
      .map(([, bytes]) => toPem('CERTIFICATE', bytes))
      .join('')
  }
}
