import type { Status } from '../../../apimachinery/meta.ts'
import { isObject } from '../../../apimachinery/structural/json-schema.ts'
import { textOf } from '../../../base/text-of.ts'

/** What a webhook says of a request (`admission.k8s.io` AdmissionResponse). */
export interface ReviewAnswer {
  readonly allowed: boolean
  readonly auditAnnotations: Readonly<Record<string, string>>
  readonly warnings: readonly string[]
  readonly result: Status | undefined
  /** Base64 of a JSON patch; '' for none. */
  readonly patch: string
  readonly patchType: string
}

function textsOf(value: unknown): Readonly<Record<string, string>> {
  if (!isObject(value)) return {}
  return Object.fromEntries(Object.entries(value).map(([key, text]) => [key, textOf(text)]))
}

const kindText = (apiVersion: string, kind: string): string =>
  `${apiVersion.includes('/') || apiVersion === '' ? apiVersion || '/' : `/${apiVersion}`}, Kind=${kind}`

const wantedKind = 'admission.k8s.io/v1, Kind=AdmissionReview'

function checkPatch(patch: string, patchType: unknown, isMutating: boolean): void {
  const hasType = patchType !== undefined && patchType !== null
  if (!isMutating) {
    if (patch !== '') throw new Error('validating webhook may not return response.patch')
    if (hasType) throw new Error('validating webhook may not return response.patchType')
    return
  }
  if (patch !== '' && !hasType) throw new Error('webhook returned response.patch but not response.patchType')
  if (patch === '' && hasType) throw new Error('webhook returned response.patchType but not response.patch')
}

/** Reads an AdmissionReview that answers; throws an Error in upstream's words. */
export function reviewAnswer(
  review: unknown,
  version: string,
  uid: string,
  isMutating: boolean,
): ReviewAnswer {
  const answer = isObject(review) ? review : {}
  const { response } = answer
  if (!isObject(response)) throw new Error('webhook response was absent')
  const patch = textOf(response.patch)
  if (version === 'v1') {
    if (response.uid !== uid)
      throw new Error(
        `expected response.uid=${JSON.stringify(uid)}, got ${JSON.stringify(textOf(response.uid))}`,
      )
    const given = kindText(textOf(answer.apiVersion), textOf(answer.kind))
    if (given !== wantedKind) throw new Error(`expected webhook response of ${wantedKind}, got ${given}`)
    checkPatch(patch, response.patchType, isMutating)
  }
  return {
    allowed: response.allowed === true,
    auditAnnotations: textsOf(response.auditAnnotations),
    warnings: Array.isArray(response.warnings) ? response.warnings.map(textOf) : [],
    result: isObject(response.status) ? (response.status as Status) : undefined,
    patch: isMutating ? patch : '',
    // The older review said nothing of it that counted.
    patchType: version === 'v1' ? textOf(response.patchType) : 'JSONPatch',
  }
}
