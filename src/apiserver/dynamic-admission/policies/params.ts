import type { admissionregistration } from '../../../api/generated/types/index.ts'
import type { KubernetesObject } from '../../../apimachinery/meta.ts'
import { type LabelMatcher, labelMatcherOf } from '../../../apimachinery/selectors/label-selector.ts'
import type { MaybePromise } from '../../authenticator.ts'

/** The objects of a kind that policies take parameters from. */
export interface ParamResource {
  readonly namespaced: boolean
  /** '' as namespace for cluster-scoped kinds. */
  get(namespace: string, name: string): MaybePromise<KubernetesObject | undefined>
  list(namespace: string, matcher: LabelMatcher): MaybePromise<readonly KubernetesObject[]>
}

export interface ParamKinds {
  /** Undefined where no such kind is served. */
  find(kind: admissionregistration.v1.ParamKind): MaybePromise<ParamResource | undefined>
}

/** A binding or policy that cannot be used; its failure policy says what comes of it. The message is upstream's. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError'
}

const denied = 'no params found for policy binding with `Deny` parameterNotFoundAction'

/** A kind as Go prints it. */
function kindText({ apiVersion = '', kind = '' }: admissionregistration.v1.ParamKind): string {
  return `${apiVersion.includes('/') ? '' : '/'}${apiVersion}, Kind=${kind}`
}

/** Undefined for a policy without parameters. Rejects with ConfigurationError where its kind is not served. */
export async function paramResource(
  kind: admissionregistration.v1.ParamKind | undefined,
  kinds: ParamKinds,
): Promise<ParamResource | undefined> {
  if (kind === undefined) return undefined
  const found = await kinds.find(kind)
  if (found !== undefined) return found
  throw new ConfigurationError(`failed to find resource referenced by paramKind: '${kindText(kind)}'`)
}

async function select(
  resource: ParamResource,
  reference: admissionregistration.v1.ParamRef,
  namespace: string,
): Promise<readonly KubernetesObject[]> {
  const { name = '', selector } = reference
  if (name !== '') {
    const found = await resource.get(namespace, name)
    return found === undefined ? [] : [found]
  }
  if (selector === undefined) throw new ConfigurationError('one of name or selector must be provided')
  const matcher = labelMatcherOf(selector)
  if ('error' in matcher) throw new ConfigurationError(matcher.error)
  return resource.list(namespace, matcher)
}

/**
 * What a policy is evaluated with, once for each: undefined where it is without parameters. Rejects with
 * ConfigurationError.
 */
export async function paramsOf(
  resource: ParamResource | undefined,
  reference: admissionregistration.v1.ParamRef | undefined,
  requestNamespace: string,
): Promise<readonly (KubernetesObject | undefined)[]> {
  if (resource === undefined || reference === undefined) return [undefined]
  const { namespace = '' } = reference
  if (!resource.namespaced && namespace !== '')
    throw new ConfigurationError('paramRef.namespace must not be provided for a cluster-scoped `paramKind`')
  const place = resource.namespaced ? namespace || requestNamespace : ''
  if (resource.namespaced && place === '')
    throw new ConfigurationError(
      'cannot use namespaced paramRef in policy binding that matches cluster-scoped resources',
    )
  const found = await select(resource, reference, place)
  if (found.length === 0 && reference.parameterNotFoundAction === 'Deny') throw new ConfigurationError(denied)
  return found
}
