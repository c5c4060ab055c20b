import type { Definition } from '../../api/apiextensions/custom-resource-definition/definition-state.ts'
import type { KubernetesObject } from '../../apimachinery/meta.ts'
import { statusError } from '../../apimachinery/status-error.ts'
import { isList, isObject } from '../../apimachinery/structural/json-schema.ts'
import { decodeBase64 } from '../../base/base64.ts'
import { jsonText } from '../../base/json-text.ts'
import { resolveService, type ServiceResolver } from '../aggregation/resolve-service.ts'
import type { BackendAddress, BackendConnector } from '../connect/backend.ts'
import { readText } from '../connect/backend-error.ts'
import { newUid } from '../rest/names.ts'
import { adoptConverted, ConvertedObjectError } from './adopt-converted.ts'

export interface WebhookOptions extends ServiceResolver {
  readonly connector: BackendConnector
}

/** Makes objects of one version those of another. Throws StatusError. */
export type Convert = (
  objects: readonly KubernetesObject[],
  apiVersion: string,
) => Promise<readonly KubernetesObject[]>

/** Upstream's for conversion webhooks. */
const timeoutMs = 30_000
const maxAnswerBytes = 64 * 2 ** 20
/** Objects in one review. */
const batchSize = 500

const reviewVersions = ['v1', 'v1beta1']

interface Target {
  readonly address: BackendAddress
  readonly path: string
  /** As errors name it. */
  readonly url: string
}

type Client = NonNullable<NonNullable<Definition['spec']['conversion']>['webhook']>['clientConfig']

const pemOf = (caBundle: string | undefined): string | undefined =>
  caBundle === undefined || caBundle === '' ? undefined : new TextDecoder().decode(decodeBase64(caBundle))

function targetOf(client: NonNullable<Client>, options: WebhookOptions): Target {
  const { service, url = '', caBundle = '' } = client
  if (service !== undefined) {
    const { name, namespace, port = 443, path = '' } = service
    const remote = { service: { name, namespace, port }, caBundle, insecureSkipTLSVerify: false }
    const address = resolveService(options, remote)
    const trust =
      typeof address.trust === 'string' ? address.trust : { ...address.trust, client: 'none' as const }
    return {
      address: { ...address, trust },
      path: path === '' ? '/' : path,
      url: `https://${name}.${namespace}.svc:${port}${path}`,
    }
  }
  const [, host = '', port = '443', path = ''] =
    /^https:\/\/(\[[^\]]*\]|[^:/?#]*)(?::(\d+))?(.*)$/.exec(url) ?? []
  const bare = host.replace(/^\[|\]$/g, '')
  return {
    address: {
      scheme: 'https',
      host: bare,
      port: Number(port),
      trust: { serverName: bare, authorityPem: pemOf(caBundle), verify: true, client: 'none' },
    },
    path: path === '' ? '/' : path,
    url,
  }
}

const encoder = new TextEncoder()

async function post(target: Target, review: object, options: WebhookOptions): Promise<unknown> {
  const { host, connector } = options
  const abort = new AbortController()
  const timer = host.schedule(timeoutMs, () => abort.abort(new Error('context deadline exceeded')))
  const query = `${target.path.includes('?') ? '&' : '?'}timeout=30s`
  const body = encoder.encode(jsonText(review))
  const { trust, host: name } = target.address
  try {
    const response = await host.track(
      connector.request({
        address: target.address,
        method: 'POST',
        target: `${target.path}${query}`,
        headers: [
          ['host', typeof trust === 'string' ? name : trust.serverName],
          ['content-type', 'application/json'],
          ['accept', 'application/json, */*'],
          ['content-length', String(body.length)],
        ],
        body,
        signal: abort.signal,
      }),
    )
    const text = await readText(response.body, maxAnswerBytes)
    if (response.status >= 300) throw new Error(messageOf(text, response.status))
    return JSON.parse(text)
  } catch (error) {
    const why = abort.signal.aborted
      ? 'context deadline exceeded'
      : String(error instanceof Error ? error.message : error)
    throw new Error(`Post ${JSON.stringify(`${target.url}${query}`)}: ${why}`, { cause: error })
  } finally {
    timer.cancel()
  }
}

function messageOf(text: string, status: number): string {
  try {
    const parsed: unknown = JSON.parse(text)
    if (isObject(parsed) && parsed.kind === 'Status' && typeof parsed.message === 'string')
      return parsed.message
  } catch {
    // No Status: what it says is told as it is.
  }
  return text === '' ? `the server responded with the status code ${status}` : text
}

/** The objects of an answer; throws Error with upstream's words. */
function objectsOf(answer: unknown, version: string, uid: string): readonly unknown[] {
  if (!isObject(answer)) throw new Error('the answer is no object')
  const wanted = `apiextensions.k8s.io/${version}, Kind=ConversionReview`
  const given = `${answer.apiVersion ?? ''}, Kind=${answer.kind ?? ''}`
  if (version === 'v1' && given !== wanted)
    throw new Error(`expected webhook response of ${wanted}, got ${given}`)
  const { response } = answer
  if (!isObject(response)) throw new Error('no response provided')
  if (version === 'v1' && response.uid !== uid)
    throw new Error(`expected response.uid=${JSON.stringify(uid)}, got ${JSON.stringify(response.uid ?? '')}`)
  const result = isObject(response.result) ? response.result : {}
  if (result.status !== 'Success') {
    const { message } = result
    if (typeof message === 'string' && message !== '') throw new Error(message)
    throw new Error(`response.result.status was '${result.status ?? ''}', not 'Success'`)
  }
  return isList(response.convertedObjects) ? response.convertedObjects : []
}

/** Converts by a definition's webhook (ConversionReview). */
export function webhookConverter(definition: Definition, options: WebhookOptions): Convert {
  const { webhook } = definition.spec.conversion ?? {}
  const client = webhook?.clientConfig
  const known = webhook?.conversionReviewVersions ?? []
  const version = known.find((candidate) => reviewVersions.includes(candidate))
  const one: Convert = async (objects, apiVersion) => {
    if (client === undefined || version === undefined)
      throw statusError('', 'no supported conversion review versions')
    const uid = newUid(options.host)
    const request = { uid, desiredAPIVersion: apiVersion, objects }
    const review = { kind: 'ConversionReview', apiVersion: `apiextensions.k8s.io/${version}`, request }
    const [first] = objects
    const what = `conversion webhook for ${first?.apiVersion ?? ''}, Kind=${first?.kind ?? ''}`
    let converted: readonly unknown[]
    try {
      converted = objectsOf(await post(targetOf(client, options), review, options), version, uid)
    } catch (error) {
      throw statusError('', `${what} failed: ${error instanceof Error ? error.message : String(error)}`)
    }
    if (converted.length !== objects.length)
      throw statusError('', `${what} returned ${converted.length} objects, expected ${objects.length}`)
    return objects.map((object, index) => {
      try {
        return adoptConverted(object, converted[index], apiVersion)
      } catch (error) {
        if (!(error instanceof ConvertedObjectError)) throw error
        throw statusError('', `${what} returned invalid ${error.what} at index ${index}: ${error.message}`)
      }
    })
  }
  return async (objects, apiVersion) => {
    const all: KubernetesObject[] = []
    for (let at = 0; at < objects.length; at += batchSize)
      all.push(...(await one(objects.slice(at, at + batchSize), apiVersion)))
    return all
  }
}
