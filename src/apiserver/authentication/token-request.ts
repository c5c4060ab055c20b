import type { authentication, core } from '../../api/generated/types/index.ts'
import type { GroupVersionKind, KindDeclaration } from '../../apimachinery/define-kind.ts'
import type { FieldError } from '../../apimachinery/field-error.ts'
import { invalidValue } from '../../apimachinery/field-errors.ts'
import type { KubernetesObject } from '../../apimachinery/meta.ts'
import { badRequest, conflict, internalError, invalid, notFound } from '../../apimachinery/status-error.ts'
import { formatTime } from '../../apimachinery/time.ts'
import type { Host } from '../../base/host.ts'
import { messageOf } from '../../base/message-of.ts'
import type { AdmissionChain, AdmissionInput } from '../admission-chain.ts'
import type { BodyDecoder } from '../body-decoder.ts'
import type { SubresourceEndpoint } from '../endpoint.ts'
import type { ObjectReader } from '../object-reader.ts'
import type { ServerRequest } from '../request.ts'
import { objectResponse, type ServerResponse } from '../response.ts'
import { newUid } from '../rest/names.ts'
import { typedReader } from '../typed-reader.ts'
import type { AccountKeys } from './account-keys.ts'
import type { ObjectClaim, TokenClaims } from './jwt.ts'
import { credentialIdOf, serviceAccountUser } from './users.ts'

type TokenRequest = authentication.v1.TokenRequest
type TokenRequestSpec = authentication.v1.TokenRequestSpec

export interface TokenRequestOptions {
  readonly host: Host
  readonly keys: AccountKeys
  readonly reader: ObjectReader
  readonly admission: AdmissionChain
  readonly decode: BodyDecoder
  readonly issuer: string
  /** For requests that name none. */
  readonly audiences: readonly string[]
  /** The longest life; absent: what the API's validation allows. */
  readonly maxLifeSeconds?: number | undefined
  /** False: the tokens that are put into pods live no longer than is asked. */
  readonly extendsInjected?: boolean | undefined
  /** The longest life of those; absent: a year. */
  readonly maxExtendedSeconds?: number | undefined
}

const kind: GroupVersionKind = { group: 'authentication.k8s.io', version: 'v1', kind: 'TokenRequest' }
const schema = 'io.k8s.api.authentication.v1.TokenRequest'

const defaultLifeSeconds = 3600
const minLifeSeconds = 600
const maxLifeSeconds = 2 ** 32
/** What the ServiceAccount admission puts into pods: such a token lives a year, and warns after this time, for clients that do not reload it. */
const injectedLifeSeconds = 3607
const extendedLifeSeconds = 365 * 24 * 3600

const admissionInput = (
  request: ServerRequest,
  declaration: KindDeclaration,
): Omit<AdmissionInput, 'object'> => ({
  operation: 'CREATE',
  declaration,
  kind,
  subresource: 'token',
  namespace: request.info.namespace,
  name: request.info.name,
  oldObject: undefined,
  dryRun: false,
  options: { kind: 'CreateOptions', apiVersion: 'meta.k8s.io/v1' },
  request,
})

/** What a token is bound to, as claims. */
interface Binding {
  readonly pod?: ObjectClaim
  readonly secret?: ObjectClaim
  readonly node?: ObjectClaim
}

function checkSpec(spec: TokenRequestSpec): readonly FieldError[] {
  const seconds = spec.expirationSeconds ?? defaultLifeSeconds
  const field = 'spec.expirationSeconds'
  if (seconds < minLifeSeconds) {
    return [invalidValue(field, seconds, 'may not specify a duration less than 10 minutes')]
  }
  if (seconds > maxLifeSeconds) {
    return [invalidValue(field, seconds, 'may not specify a duration larger than 2^32 seconds')]
  }
  return []
}

const claimOf = (object: KubernetesObject): ObjectClaim => ({
  name: object.metadata?.name ?? '',
  uid: object.metadata?.uid ?? '',
})

/** `serviceaccounts/token`: makes a token that is bound to its service account, and to a pod, secret or node where asked (KEP-1205). */
export class TokenRequestEndpoint implements SubresourceEndpoint {
  readonly group = ''
  readonly resource = 'serviceaccounts'
  readonly subresource = 'token'
  readonly methods = ['POST']
  readonly #options: TokenRequestOptions

  constructor(options: TokenRequestOptions) {
    this.#options = options
  }

  async handle(request: ServerRequest, declaration: KindDeclaration): Promise<ServerResponse> {
    const { namespace, name } = request.info
    const body: TokenRequest = await this.#options.decode(request, kind, schema)
    const admission = admissionInput(request, declaration)
    // Before the default audience is filled in: a node may ask for it only by asking for none.
    const sent: TokenRequest = await this.#options.admission.mutate({ ...admission, object: body }, body)
    const account = this.#account(namespace, name, sent)
    const nowMs = this.#options.host.now()
    const asked = {
      ...sent.spec,
      audiences: sent.spec?.audiences?.length ? sent.spec.audiences : this.#options.audiences,
      expirationSeconds: sent.spec?.expirationSeconds ?? defaultLifeSeconds,
    }
    const errors = checkSpec(asked)
    if (errors.length > 0) throw invalid({ ...kind, name: '' }, errors)
    const spec = this.#shortened(asked, request)
    const metadata = {
      ...sent.metadata,
      name,
      namespace,
      ...(account.metadata?.uid === undefined ? {} : { uid: account.metadata.uid }),
      creationTimestamp: formatTime(nowMs),
    }
    const answered: TokenRequest = {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      metadata,
      spec,
    }
    await this.#options.admission.validate({ ...admission, object: answered })
    const binding = this.#binding(namespace, name, spec)
    const claims = this.#claims(account, spec, binding, nowMs)
    const token = await this.#signed(claims)
    request.annotate('authentication.kubernetes.io/issued-credential-id', credentialIdOf(claims.jti))
    const expirationTimestamp = formatTime(nowMs + spec.expirationSeconds * 1000)
    return objectResponse({ ...answered, status: { token, expirationTimestamp } }, 201)
  }

  async #signed(claims: TokenClaims): Promise<string> {
    try {
      return await this.#options.keys.sign(claims)
    } catch (error) {
      throw internalError(`failed to generate token: ${messageOf(error)}`)
    }
  }

  #shortened<T extends { readonly expirationSeconds: number }>(spec: T, request: ServerRequest): T {
    const { maxLifeSeconds: most = Number.POSITIVE_INFINITY } = this.#options
    const asked = spec.expirationSeconds
    if (asked <= most) return spec
    request.warn(`requested expiration of ${asked} seconds shortened to ${most} seconds`)
    return { ...spec, expirationSeconds: most }
  }

  #account(namespace: string, name: string, sent: TokenRequest): core.v1.ServiceAccount {
    const { metadata = {} } = sent
    const wrong = (field: string, value: string, what: string): Error =>
      invalid({ ...kind, name }, [
        invalidValue(field, value, `must match the service account ${what} if specified`),
      ])
    if (metadata.name && metadata.name !== name) throw wrong('metadata.name', metadata.name, 'name')
    if (metadata.namespace && metadata.namespace !== namespace) {
      throw wrong('metadata.namespace', metadata.namespace, 'namespace')
    }
    const account = this.#reader<core.v1.ServiceAccount>('serviceaccounts').get(namespace, name)
    if (account === undefined) throw notFound({ group: '', resource: 'serviceaccounts', name })
    const { uid = '' } = account.metadata ?? {}
    if (metadata.uid && metadata.uid !== uid) {
      throw conflict(
        { group: kind.group, resource: kind.kind, name },
        `the UID in the token request (${metadata.uid}) does not match the UID of the service account (${uid})`,
      )
    }
    return account
  }

  #reader<T extends KubernetesObject>(resource: string): ReturnType<typeof typedReader<T>> {
    return typedReader<T>(this.#options.reader, { group: '', resource })
  }

  #binding(namespace: string, account: string, spec: TokenRequestSpec): Binding {
    const reference = spec.boundObjectRef
    if (!reference) return {}
    const { apiVersion = '', kind: boundKind = '', name = '', uid } = reference
    const { object, binding } = this.#bound(namespace, account, apiVersion, boundKind, name)
    if (uid && uid !== object.metadata?.uid) {
      throw conflict(
        { group: '', resource: boundKind, name },
        `the UID in the bound object reference (${uid}) does not match the UID in record. The object might have been deleted and then recreated`,
      )
    }
    return binding
  }

  #bound(
    namespace: string,
    account: string,
    apiVersion: string,
    boundKind: string,
    name: string,
  ): { readonly object: KubernetesObject; readonly binding: Binding } {
    if (apiVersion === 'v1' && boundKind === 'Pod') return this.#boundPod(namespace, account, name)
    const resource = { Node: 'nodes', Secret: 'secrets' }[boundKind]
    if (apiVersion !== 'v1' || resource === undefined) {
      throw badRequest(`cannot bind token to object of type ${goKind(apiVersion, boundKind)}`)
    }
    const object = this.#reader(resource).get(resource === 'nodes' ? '' : namespace, name)
    if (object === undefined) throw notFound({ group: '', resource, name })
    return { object, binding: { [resource === 'nodes' ? 'node' : 'secret']: claimOf(object) } }
  }

  #boundPod(
    namespace: string,
    account: string,
    name: string,
  ): { readonly object: KubernetesObject; readonly binding: Binding } {
    const pod = this.#reader<core.v1.Pod>('pods').get(namespace, name)
    if (pod === undefined) throw notFound({ group: '', resource: 'pods', name })
    if (pod.spec?.serviceAccountName !== account) {
      throw badRequest(
        `cannot bind token for serviceaccount "${account}" to pod running with different serviceaccount name.`,
      )
    }
    const { nodeName } = pod.spec
    if (nodeName === undefined || nodeName === '') return { object: pod, binding: { pod: claimOf(pod) } }
    const node = this.#reader<core.v1.Node>('nodes').get('', nodeName)
    return {
      object: pod,
      binding: { pod: claimOf(pod), node: node === undefined ? { name: nodeName } : claimOf(node) },
    }
  }

  #claims(
    account: core.v1.ServiceAccount,
    spec: { readonly audiences: readonly string[]; readonly expirationSeconds: number },
    binding: Binding,
    nowMs: number,
  ): TokenClaims {
    const now = Math.floor(nowMs / 1000)
    const longest = Math.min(extendedLifeSeconds, this.#options.maxExtendedSeconds ?? extendedLifeSeconds)
    const extended =
      this.#options.extendsInjected !== false &&
      binding.pod !== undefined &&
      spec.expirationSeconds === injectedLifeSeconds &&
      spec.audiences.every((audience) => this.#options.audiences.includes(audience))
    const { namespace = '', name = '' } = account.metadata ?? {}
    return {
      aud: spec.audiences,
      exp: now + (extended ? longest : spec.expirationSeconds),
      iat: now,
      iss: this.#options.issuer,
      jti: newUid(this.#options.host),
      'kubernetes.io': {
        namespace,
        ...binding,
        serviceaccount: claimOf(account),
        ...(extended ? { warnafter: now + spec.expirationSeconds } : {}),
      },
      nbf: now,
      sub: serviceAccountUser(namespace, name),
    }
  }
}

/** `schema.GroupVersionKind.String()` of an object reference. */
function goKind(apiVersion: string, kindName: string): string {
  const slash = apiVersion.indexOf('/')
  const group = slash < 0 ? '' : apiVersion.slice(0, slash)
  return `${group}/${apiVersion.slice(slash + 1)}, Kind=${kindName}`
}
