import type { authorization } from '../../api/generated/types/index.ts'
import { inGoForm } from '../../api/go-value.ts'
import { builtInSchemas } from '../../api/schemas.ts'
import type { FieldError } from '../../apimachinery/field-error.ts'
import { invalidValue } from '../../apimachinery/field-errors.ts'
import type { Schema } from '../../apimachinery/schema.ts'
import { semanticallyEqual } from '../../apimachinery/semantically-equal.ts'
import { badRequest, invalid } from '../../apimachinery/status-error.ts'
import type { Authorizer, AuthorizerAttributes, SelectorAttributes } from '../authorizer.ts'
import type { VirtualResource } from '../endpoint.ts'
import type { ServerRequest, UserInfo } from '../request.ts'
import { checkSelectors } from './check-selectors.ts'
import { fieldsOf, labelsOf, selectorsOfReview } from './selector-attributes.ts'

type Spec = authorization.v1.SubjectAccessReviewSpec
type Review =
  | authorization.v1.SubjectAccessReview
  | authorization.v1.LocalSubjectAccessReview
  | authorization.v1.SelfSubjectAccessReview

export const authorizationGroup = 'authorization.k8s.io'

function checkSpec(spec: Spec, self: boolean): readonly FieldError[] {
  const { resourceAttributes, nonResourceAttributes } = spec
  const errors: FieldError[] = []
  if (resourceAttributes !== undefined && nonResourceAttributes !== undefined) {
    const detail = 'cannot be specified in combination with resourceAttributes'
    errors.push(invalidValue('spec.nonResourceAttributes', nonResourceAttributes, detail))
  }
  if (resourceAttributes === undefined && nonResourceAttributes === undefined) {
    const detail = 'exactly one of nonResourceAttributes or resourceAttributes must be specified'
    errors.push(invalidValue('spec.resourceAttributes', null, detail))
  }
  if (!self && !spec.user && !spec.groups?.length) {
    errors.push(invalidValue('spec.user', '', 'at least one of user or group must be specified'))
  }
  return [...errors, ...checkSelectors(resourceAttributes)]
}

/** Only what the machinery itself puts there is taken in a review's metadata. */
function checkMetadata(review: Review, local: boolean): readonly FieldError[] {
  const { managedFields: _server, namespace, creationTimestamp: _null, ...rest } = review.metadata ?? {}
  const clean = semanticallyEqual(rest, {}) && (local || !namespace)
  const detail = local ? 'must be empty except for namespace' : 'must be empty'
  return clean ? [] : [invalidValue('metadata', review.metadata, detail)]
}

function checkLocal(review: Review, spec: Spec): readonly FieldError[] {
  const { resourceAttributes, nonResourceAttributes } = spec
  const errors: FieldError[] = []
  const asked = resourceAttributes?.namespace ?? ''
  if (resourceAttributes !== undefined && asked !== (review.metadata?.namespace ?? '')) {
    errors.push(invalidValue('spec.resourceAttributes.namespace', asked, 'must match metadata.namespace'))
  }
  if (nonResourceAttributes !== undefined) {
    const detail = 'disallowed on this kind of request'
    errors.push(invalidValue('spec.nonResourceAttributes', nonResourceAttributes, detail))
  }
  return errors
}

function attributesOf(spec: Spec, user: UserInfo): AuthorizerAttributes {
  const { resourceAttributes: resource, nonResourceAttributes: path } = spec
  return {
    user,
    verb: resource?.verb ?? path?.verb ?? '',
    isResourceRequest: resource !== undefined,
    path: path?.path ?? '',
    group: resource?.group ?? '',
    version: resource?.version || '*',
    namespace: resource?.namespace ?? '',
    resource: resource?.resource ?? '',
    subresource: resource?.subresource ?? '',
    name: resource?.name ?? '',
    ...selectorsOfReview(resource),
  }
}

const userOf = (spec: Spec): UserInfo => ({
  name: spec.user ?? '',
  groups: spec.groups ?? [],
  ...(spec.uid === undefined ? {} : { uid: spec.uid }),
  ...(spec.extra === undefined ? {} : { extra: spec.extra }),
})

/** What is told of a selector that cannot be read. */
function ignored(name: string, { requirements, error }: SelectorAttributes<unknown>): string | undefined {
  if (error === undefined) return undefined
  const how = requirements.length > 0 ? 'partially ignored' : 'ignored'
  return `spec.resourceAttributes.${name} ${how} due to parse error`
}

async function statusOf(
  authorizer: Authorizer,
  attributes: AuthorizerAttributes,
): Promise<authorization.v1.SubjectAccessReviewStatus> {
  const { decision, reason, error } = await authorizer.authorize(attributes)
  const evaluationError = [
    error,
    ignored('fieldSelector', fieldsOf(attributes)),
    ignored('labelSelector', labelsOf(attributes)),
  ]
    .filter((each) => each !== undefined)
    .join('; ')
  return {
    allowed: decision === 'allow',
    ...(decision === 'deny' ? { denied: true } : {}),
    ...(reason === '' ? {} : { reason }),
    ...(evaluationError === '' ? {} : { evaluationError }),
  }
}

export type ReviewKind = 'SubjectAccessReview' | 'LocalSubjectAccessReview' | 'SelfSubjectAccessReview'

/** May somebody do something? Asked about others, about others in one namespace, or about oneself. */
export class AccessReviewResource implements VirtualResource {
  readonly group = authorizationGroup
  readonly version = 'v1'
  readonly resource: string
  readonly #kind: ReviewKind
  readonly #schema: Schema | undefined
  readonly #authorizer: Authorizer

  constructor(kind: ReviewKind, authorizer: Authorizer) {
    this.resource = `${kind.toLowerCase()}s`
    this.#kind = kind
    this.#schema = builtInSchemas.get(`io.k8s.api.authorization.v1.${kind}`)
    this.#authorizer = authorizer
  }

  async create(request: ServerRequest, body: unknown): Promise<Review> {
    const review = body as Review
    const spec: Spec = review.spec ?? {}
    const self = this.#kind === 'SelfSubjectAccessReview'
    const local = this.#kind === 'LocalSubjectAccessReview'
    const errors = [...checkSpec(spec, self), ...checkMetadata(review, local)]
    if (local) errors.push(...checkLocal(review, spec))
    // Upstream takes the kind from an object that does not say it any more.
    if (errors.length > 0)
      throw invalid({ group: this.group, kind: '', name: '' }, inGoForm(errors, this.#schema))
    if (local && request.info.namespace !== review.metadata?.namespace) {
      throw badRequest(`spec.resourceAttributes.namespace must match namespace: ${request.info.namespace}`)
    }
    const user = self ? request.user : userOf(spec)
    if (user === undefined) throw badRequest('no user present on request')
    return { ...review, spec, status: await statusOf(this.#authorizer, attributesOf(spec, user)) }
  }
}
