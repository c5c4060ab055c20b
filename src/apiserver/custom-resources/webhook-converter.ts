import type { Definition } from '../../api/apiextensions/custom-resource-definition/definition-state.ts'
import type { KubernetesObject } from '../../apimachinery/meta.ts'
import { statusError } from '../../apimachinery/status-error.ts'
import { isList, isObject } from '../../apimachinery/structural/json-schema.ts'
import { newUid } from '../rest/names.ts'
import { WebhookClient, type WebhookOptions } from '../webhooks/webhook-client.ts'
import { adoptConverted, ConvertedObjectError } from './adopt-converted.ts'

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

/** Converts by a definition's webhook (ConversionReview). */
export function webhookConverter(definition: Definition, options: WebhookOptions): Convert {
  const { webhook } = definition.spec.conversion ?? {}
  const client = new WebhookClient(webhook?.clientConfig ?? {}, options)
  const known = webhook?.conversionReviewVersions ?? []
  const version = known.find((candidate) => reviewVersions.includes(candidate))
  const one: Convert = async (objects, apiVersion) => {
    if (version === undefined) throw statusError('', 'no supported conversion review versions')
    const uid = newUid(options.host)
    const request = { uid, desiredAPIVersion: apiVersion, objects }
    const review = { kind: 'ConversionReview', apiVersion: `apiextensions.k8s.io/${version}`, request }
    const [first] = objects
    const what = `conversion webhook for ${first?.apiVersion ?? ''}, Kind=${first?.kind ?? ''}`
    let converted: readonly unknown[]
    try {
      converted = objectsOf(await client.post(review, timeoutSeconds), version, uid)
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
        throw statusError('', `${what} returned invalid ${error.what}: ${error.message}`)
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
