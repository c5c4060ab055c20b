import {
  AuthorizerValue,
  nativeValue,
  ResourceCheck,
  type Value,
  type Variables,
} from '../../apimachinery/cel/index.ts'
import type { GroupVersionKind, KindDeclaration } from '../../apimachinery/define-kind.ts'
import type { KubernetesObject } from '../../apimachinery/meta.ts'
import type { AdmissionAttributes, GroupVersionResource } from '../admission.ts'
import type { Authorizer } from '../authorizer.ts'
import type { UserInfo } from '../request.ts'
import { kindIn } from './object-forms.ts'
import { RequestAuthorizer } from './request-authorizer.ts'

/** What a review says of the user (`authentication.k8s.io/v1` UserInfo). */
export const userOf = ({ name, uid = '', groups, extra = {} }: UserInfo): object => ({
  ...(name === '' ? {} : { username: name }),
  ...(uid === '' ? {} : { uid }),
  ...(groups.length === 0 ? {} : { groups }),
  ...(Object.keys(extra).length === 0 ? {} : { extra }),
})

const resourceOf = ({ group, version, resource }: GroupVersionResource): GroupVersionResource => ({
  group,
  version,
  resource,
})

const kindOf = ({ group, version, kind }: GroupVersionKind): GroupVersionKind => ({ group, version, kind })

/** A request as it is shown to a webhook or policy: in the version that its rules name. */
export interface ReviewedRequest {
  readonly attributes: AdmissionAttributes
  /** The version, which may be another than the request's. */
  readonly declaration: KindDeclaration
  readonly object: KubernetesObject | undefined
  readonly oldObject: KubernetesObject | undefined
}

/** What a review and the variable `request` have in common; empty texts are left out. */
export function requestFields({
  attributes,
  declaration,
}: ReviewedRequest): Readonly<Record<string, unknown>> {
  const { subresource, name, namespace, operation, user, dryRun, options } = attributes
  return {
    kind: kindOf(kindIn(attributes, declaration)),
    resource: resourceOf(declaration),
    ...(subresource === '' ? {} : { subResource: subresource }),
    requestKind: kindOf(attributes.kind),
    requestResource: resourceOf(attributes.resource),
    ...(subresource === '' ? {} : { requestSubResource: subresource }),
    ...(name === '' ? {} : { name }),
    ...(namespace === '' ? {} : { namespace }),
    operation,
    userInfo: userOf(user),
    dryRun,
    options: operation === 'CONNECT' ? null : options,
  }
}

/** Once, when it is first asked for. */
function lazily(make: () => Value): () => Value {
  let made: Value | undefined
  return () => {
    made ??= make()
    return made
  }
}

const namespaceFields = new Set([
  'name',
  'generateName',
  'namespace',
  'uid',
  'resourceVersion',
  'generation',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'labels',
  'annotations',
  'finalizers',
])

/** What expressions see of a namespace. */
function namespaceValue(namespace: KubernetesObject | undefined): Value {
  if (namespace === undefined) return null
  const { spec = {}, status = {} } = namespace as KubernetesObject & { spec?: object; status?: object }
  const shown = Object.entries(namespace.metadata ?? {}).filter(([key]) => namespaceFields.has(key))
  return nativeValue({ metadata: Object.fromEntries(shown), spec, status })
}

/** The variables that expressions of one request have, whatever they belong to. */
export function requestVariables(
  request: ReviewedRequest,
  namespace: KubernetesObject | undefined,
  authorizer: Authorizer,
): Variables {
  const { attributes, object, oldObject } = request
  const answers = new RequestAuthorizer(authorizer, attributes.user)
  const { group, resource } = attributes.resource
  const { subresource, namespace: place, name } = attributes
  return {
    object: nativeValue(object),
    oldObject: nativeValue(oldObject),
    request: lazily(() => nativeValue(requestFields(request))),
    namespaceObject: lazily(() => namespaceValue(namespace)),
    authorizer: new AuthorizerValue(answers),
    'authorizer.requestResource': new ResourceCheck(answers, {
      group,
      resource,
      subresource,
      namespace: place,
      name,
    }),
  }
}
