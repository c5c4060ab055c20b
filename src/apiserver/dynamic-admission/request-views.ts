import type { KindDeclaration } from '../../apimachinery/define-kind.ts'
import type { KubernetesObject } from '../../apimachinery/meta.ts'
import { internalError, type StatusError } from '../../apimachinery/status-error.ts'
import { messageOf } from '../../base/message-of.ts'
import type { AdmissionAttributes } from '../admission.ts'
import type { MaybePromise } from '../authenticator.ts'
import type { ObjectForms } from './object-forms.ts'
import type { ReviewedRequest } from './reviewed-request.ts'

const asStatus = (error: unknown): StatusError => internalError(messageOf(error))

/** Another kind than the resource's (a Scale, a Binding) is the same in all versions. */
const isConvertible = ({ kind, declaration }: AdmissionAttributes): boolean =>
  kind.kind === declaration.kind && kind.group === declaration.group

/** An object of the request in another version. Throws or rejects with StatusError. */
export function shownIn(
  attributes: AdmissionAttributes,
  object: KubernetesObject | undefined,
  from: KindDeclaration,
  to: KindDeclaration,
  forms: ObjectForms,
): MaybePromise<KubernetesObject | undefined> {
  if (object === undefined) return object
  const shown = forms.shown(object, attributes.kind)
  if (from === to || !isConvertible(attributes)) return shown
  try {
    const converted = forms.convert(shown, from, to)
    if (!(converted instanceof Promise)) return converted
    return converted.catch((error: unknown) => {
      throw asStatus(error)
    })
  } catch (error) {
    throw asStatus(error)
  }
}

/** One request in all versions that somebody's rules name; each is made once. */
export class RequestViews {
  readonly #attributes: AdmissionAttributes
  readonly #forms: ObjectForms
  readonly #known = new Map<KindDeclaration, MaybePromise<ReviewedRequest>>()

  constructor(attributes: AdmissionAttributes, forms: ObjectForms) {
    this.#attributes = attributes
    this.#forms = forms
  }

  /** Throws or rejects with StatusError. */
  in(declaration: KindDeclaration): MaybePromise<ReviewedRequest> {
    const known = this.#known.get(declaration)
    if (known !== undefined) return known
    const made = this.#make(declaration)
    this.#known.set(declaration, made)
    return made
  }

  #make(declaration: KindDeclaration): MaybePromise<ReviewedRequest> {
    const attributes = this.#attributes
    const shown = (object: KubernetesObject | undefined): MaybePromise<KubernetesObject | undefined> =>
      shownIn(attributes, object, attributes.declaration, declaration, this.#forms)
    const [now, old] = [shown(attributes.object), shown(attributes.oldObject)]
    if (!(now instanceof Promise) && !(old instanceof Promise))
      return { attributes, declaration, object: now, oldObject: old }
    return Promise.all([now, old]).then(([object, oldObject]) => ({
      attributes,
      declaration,
      object,
      oldObject,
    }))
  }
}
