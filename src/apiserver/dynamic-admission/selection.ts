import type { KubernetesObject, LabelSelector, StringMap } from '../../apimachinery/meta.ts'
import { type LabelMatcher, labelMatcherOf } from '../../apimachinery/selectors/label-selector.ts'
import { internalError, notFound, type StatusError } from '../../apimachinery/status-error.ts'
import type { AdmissionAttributes } from '../admission.ts'
import type { ObjectReader } from '../object-reader.ts'

type Matcher = LabelMatcher | { readonly error: string }

const namespaces = { group: '', resource: 'namespaces' }

/** Which requests a configuration's selectors let through. */
export class Selection {
  readonly #namespace: Matcher
  readonly #object: Matcher

  constructor(namespaceSelector: LabelSelector | undefined, objectSelector: LabelSelector | undefined) {
    this.#namespace = labelMatcherOf(namespaceSelector)
    this.#object = labelMatcherOf(objectSelector)
  }

  /** `object` as it is now. Gives an error where it cannot be told, and matters. */
  matches(
    attributes: AdmissionAttributes,
    object: KubernetesObject | undefined,
    reader: ObjectReader,
  ): boolean | StatusError {
    const inNamespace = this.#matchesNamespace(attributes, object, reader)
    if (inNamespace === false) return false
    const selected = this.#matchesObject(object, attributes.oldObject)
    if (selected === false) return false
    return inNamespace === true ? selected : inNamespace
  }

  #matchesNamespace(
    attributes: AdmissionAttributes,
    object: KubernetesObject | undefined,
    reader: ObjectReader,
  ): boolean | StatusError {
    if (attributes.namespace === '' && attributes.resource.resource !== 'namespaces') return true
    if ('error' in this.#namespace) return internalError(this.#namespace.error)
    if (this.#namespace.empty) return true
    const labels = namespaceLabels(attributes, object, reader)
    return labels === undefined
      ? notFound({ ...namespaces, name: attributes.namespace })
      : this.#namespace.matches(labels)
  }

  #matchesObject(
    object: KubernetesObject | undefined,
    old: KubernetesObject | undefined,
  ): boolean | StatusError {
    const matcher = this.#object
    if ('error' in matcher) return internalError(matcher.error)
    if (matcher.empty) return true
    return [object, old].some((each) => each !== undefined && matcher.matches(each.metadata?.labels))
  }
}

/** Of the namespace as it will be, where it is the one that is written. Undefined: there is none. */
function namespaceLabels(
  { resource, subresource, operation, namespace }: AdmissionAttributes,
  object: KubernetesObject | undefined,
  reader: ObjectReader,
): StringMap | undefined {
  const isWritten = operation === 'CREATE' || operation === 'UPDATE'
  if (resource.resource === 'namespaces' && subresource === '' && isWritten)
    return object?.metadata?.labels ?? {}
  const found = reader.get(namespaces, '', namespace)
  return found === undefined ? undefined : (found.metadata?.labels ?? {})
}
