import type { FieldError } from '../../apimachinery/field-error.ts'
import { fieldPath } from '../../apimachinery/field-path.ts'
import type { KubernetesObject, StringMap } from '../../apimachinery/meta.ts'
import { validateAnnotations, validateLabels } from '../../apimachinery/object-meta-validation.ts'
import { isObject } from '../../apimachinery/structural/json-schema.ts'

/** What a webhook gave back is not a version of what it was given. */
export class ConvertedObjectError extends Error {
  override readonly name = 'ConvertedObjectError'
  readonly what: string

  constructor(message: string, what = 'object') {
    super(message)
    this.what = what
  }
}

function checkSame(original: KubernetesObject, converted: KubernetesObject): void {
  const pairs = [
    ['name', original.metadata?.name, converted.metadata?.name],
    ['namespace', original.metadata?.namespace, converted.metadata?.namespace],
    ['UID', original.metadata?.uid, converted.metadata?.uid],
  ] as const
  for (const [what, wanted = '', given = ''] of pairs)
    if (wanted !== given) throw new ConvertedObjectError(`must have the same ${what}: ${wanted} != ${given}`)
}

function textsOf(field: 'labels' | 'annotations', given: unknown): StringMap | undefined {
  const wrong = (message: string): Error => new ConvertedObjectError(message, 'metadata')
  if (given === undefined || given === null) return undefined
  if (!isObject(given)) throw wrong(`invalid metadata.${field} of type ${typeof given} in converted object`)
  for (const [key, value] of Object.entries(given))
    if (typeof value !== 'string')
      throw wrong(`metadata.${field}[${key}] must be a string, but is ${typeof value} in converted object`)
  const texts = given as StringMap
  const errors: FieldError[] = []
  const where = fieldPath('metadata').child(field)
  if (field === 'labels') validateLabels(texts, where, errors)
  else validateAnnotations(texts, where, errors)
  const [first] = errors
  if (first !== undefined) throw wrong(`${first.field}: ${first.message}`)
  return texts
}

/** What a webhook may change of an object: everything but its metadata, and of that labels and annotations. */
export function adoptConverted(
  original: KubernetesObject,
  given: unknown,
  apiVersion: string,
): KubernetesObject {
  if (!isObject(given)) throw new ConvertedObjectError('it is no object')
  const converted: KubernetesObject = given
  if (converted.apiVersion !== apiVersion)
    throw new ConvertedObjectError(
      `invalid groupVersion (expected ${apiVersion}, received ${converted.apiVersion ?? ''})`,
      'object at index 0',
    )
  if (converted.kind !== original.kind)
    throw new ConvertedObjectError(
      `invalid kind (expected ${original.kind}, received ${converted.kind ?? ''})`,
      'object at index 0',
    )
  checkSame(original, converted)
  if (!isObject(given.metadata))
    throw new ConvertedObjectError('missing metadata in converted object', 'metadata')
  const labels = textsOf('labels', given.metadata.labels)
  const annotations = textsOf('annotations', given.metadata.annotations)
  const { labels: _labels, annotations: _annotations, ...kept } = original.metadata ?? {}
  const metadata = {
    ...kept,
    ...(labels === undefined ? {} : { labels }),
    ...(annotations === undefined ? {} : { annotations }),
  }
  return { ...converted, metadata }
}
