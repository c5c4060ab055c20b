import type { Definition } from '../../api/apiextensions/custom-resource-definition/definition-state.ts'
import type { KubernetesObject } from '../../apimachinery/meta.ts'
import { statusError } from '../../apimachinery/status-error.ts'
import { isList, isObject } from '../../apimachinery/structural/json-schema.ts'
import { messageOf } from '../../base/message-of.ts'
import { newUid } from '../rest/names.ts'
import { WebhookClient, type WebhookOptions } from '../webhooks/webhook-client.ts'
import { adoptConverted, ConvertedObjectError } from './adopt-converted.ts'
import type { ConversionMetrics } from './conversion-metrics.ts'

/** Makes objects of one version those of another. Throws StatusError. */
export type Convert = (
  objects: readonly KubernetesObject[],
  apiVersion: string,
) => Promise<readonly KubernetesObject[]>

/** Upstream's for conversion webhooks. */
const timeoutSeconds = 30
/** Objects in one review. */
const batchSize = 500

const reviewVersions = ['v1', 'v1beta1']

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

/** What went wrong, as the metrics name it. */
type FailureType =
  | 'conversion_webhook_call_failure'
  | 'conversion_webhook_malformed_response_failure'
  | 'conversion_webhook_partial_response_failure'
  | 'conversion_webhook_invalid_converted_object_failure'

class ConversionError extends Error {
  override readonly name = 'ConversionError'
  readonly type: FailureType

  constructor(type: FailureType, message: string) {
    super(message)
    this.type = type
  }
}

/** Rejects with a ConversionError whose message follows "conversion webhook for <kind> ". */
async function review(
  client: WebhookClient,
  { version, uid, objects, apiVersion }: Review,
): Promise<readonly KubernetesObject[]> {
  const request = { uid, desiredAPIVersion: apiVersion, objects }
  const body = { kind: 'ConversionReview', apiVersion: `apiextensions.k8s.io/${version}`, request }
  const answer = await client.post(body, timeoutSeconds).catch((error: unknown) => {
    throw new ConversionError('conversion_webhook_call_failure', `failed: ${messageOf(error)}`)
  })
  let converted: readonly unknown[]
  try {
    converted = objectsOf(answer, version, uid)
  } catch (error) {
    throw new ConversionError('conversion_webhook_malformed_response_failure', `failed: ${messageOf(error)}`)
  }
  if (converted.length !== objects.length) {
    const why = `returned ${converted.length} objects, expected ${objects.length}`
    throw new ConversionError('conversion_webhook_partial_response_failure', why)
  }
  return objects.map((object, index) => {
    try {
      return adoptConverted(object, converted[index], apiVersion)
    } catch (error) {
      if (!(error instanceof ConvertedObjectError)) throw error
      const why = `returned invalid ${error.what}: ${error.message}`
      throw new ConversionError('conversion_webhook_invalid_converted_object_failure', why)
    }
  })
}

interface Review {
  readonly version: string
  readonly uid: string
  readonly objects: readonly KubernetesObject[]
  readonly apiVersion: string
}

const versionNameOf = (apiVersion = ''): string => apiVersion.split('/')[1] ?? ''

/** Converts by a definition's webhook (ConversionReview). */
export function webhookConverter(
  definition: Definition,
  options: WebhookOptions,
  metrics: ConversionMetrics,
): Convert {
  const { webhook } = definition.spec.conversion ?? {}
  const { host } = options
  const client = new WebhookClient(webhook?.clientConfig ?? {}, options)
  const known = webhook?.conversionReviewVersions ?? []
  const version = known.find((candidate) => reviewVersions.includes(candidate))
  const one: Convert = async (objects, apiVersion) => {
    if (version === undefined) throw statusError('', 'no supported conversion review versions')
    const [first] = objects
    const startMs = host.monotonicMs()
    let failure = ''
    try {
      return await review(client, { version, uid: newUid(host), objects, apiVersion })
    } catch (error) {
      if (!(error instanceof ConversionError)) throw error
      failure = error.type
      const what = `${first?.apiVersion ?? ''}, Kind=${first?.kind ?? ''}`
      throw statusError('', `conversion webhook for ${what} ${error.message}`)
    } finally {
      metrics.observe({
        definition: definition.metadata?.name ?? '',
        from: versionNameOf(first?.apiVersion),
        to: versionNameOf(apiVersion),
        failure,
        seconds: (host.monotonicMs() - startMs) / 1000,
      })
    }
  }
  return async (objects, apiVersion) => {
    const all: KubernetesObject[] = []
    for (let at = 0; at < objects.length; at += batchSize)
      all.push(...(await one(objects.slice(at, at + batchSize), apiVersion)))
    return all
  }
}
