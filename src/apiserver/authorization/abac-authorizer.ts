import { isRecord } from '../../base/is-record.ts'
import { messageOf } from '../../base/message-of.ts'
import { authenticatedGroup } from '../authentication/users.ts'
import type { Authorizer, AuthorizerAttributes, AuthorizerDecision, UserRules } from '../authorizer.ts'
import type { UserInfo } from '../request.ts'
import { pathCovers } from './rule-allows.ts'

/** One line of a policy file. Absent texts are ''. */
interface Policy {
  readonly user: string
  readonly group: string
  readonly readonly: boolean
  readonly apiGroup: string
  readonly resource: string
  readonly namespace: string
  readonly nonResourcePath: string
}

type Fields = Readonly<Record<string, unknown>>

function textOf(fields: Fields, name: string): string {
  const value = fields[name] ?? ''
  if (typeof value === 'string') return value
  throw new Error(`json: cannot unmarshal ${typeof value} into Go struct field ${name} of type string`)
}

function policyOf(fields: Fields): Policy {
  return {
    user: textOf(fields, 'user'),
    group: textOf(fields, 'group'),
    readonly: fields['readonly'] === true,
    apiGroup: textOf(fields, 'apiGroup'),
    resource: textOf(fields, 'resource'),
    namespace: textOf(fields, 'namespace'),
    nonResourcePath: textOf(fields, 'nonResourcePath'),
  }
}

/** The form of before `v1beta1`: what it leaves out is everything, and `*` is everybody who is authenticated. */
function unversioned(fields: Fields): Policy {
  const policy = policyOf(fields)
  const { user, group, namespace, resource } = policy
  const isForAll = (user === '' && group === '') || user === '*' || group === '*'
  return {
    ...policy,
    ...(isForAll ? { user: '', group: authenticatedGroup } : {}),
    apiGroup: '*',
    namespace: namespace || '*',
    resource: resource || '*',
    nonResourcePath: resource === '' && namespace === '' ? '*' : '',
  }
}

const version = 'abac.authorization.kubernetes.io/v1beta1'

function parseLine(line: string): Policy {
  const value: unknown = JSON.parse(line)
  if (!isRecord(value)) throw new Error('json: cannot unmarshal the line into an object')
  const { apiVersion, kind, spec } = value
  if (apiVersion === undefined && kind === undefined) return unversioned(value)
  if (apiVersion !== version || kind !== 'Policy')
    throw new Error(`no kind "${String(kind)}" is registered for version "${String(apiVersion)}"`)
  return policyOf(isRecord(spec) ? spec : {})
}

/** A user of his own name and of a group, where a policy says both. */
function concerns({ user, group }: Policy, { name, groups }: UserInfo): boolean {
  if (user === '' && group === '') return false
  if (user !== '' && user !== '*' && user !== name) return false
  return group === '' || group === '*' || groups.includes(group)
}

const covers = (wanted: string, actual: string): boolean => wanted === '*' || wanted === actual

const readingVerbs = ['get', 'list', 'watch']

function allows(policy: Policy, attributes: AuthorizerAttributes): boolean {
  if (policy.readonly && !readingVerbs.includes(attributes.verb)) return false
  if (!attributes.isResourceRequest) return pathCovers(policy.nonResourcePath, attributes.path)
  return (
    covers(policy.namespace, attributes.namespace) &&
    covers(policy.resource, attributes.resource) &&
    covers(policy.apiGroup, attributes.group)
  )
}

const allowed: AuthorizerDecision = { decision: 'allow', reason: '' }
const noPolicy: AuthorizerDecision = { decision: 'no-opinion', reason: 'No policy matched.' }

/** Attribute-based access control by a file (https://kubernetes.io/docs/reference/access-authn-authz/abac/). */
export class AbacAuthorizer implements Authorizer {
  readonly #policies: readonly Policy[]

  /** `name`: of the file, for errors. Throws an Error that names the line. */
  constructor(name: string, text: string) {
    this.#policies = text.split(/\r?\n/).flatMap((line, index) => {
      const trimmed = line.trim()
      if (trimmed === '' || trimmed.startsWith('#')) return []
      try {
        return [parseLine(trimmed)]
      } catch (error) {
        const why = messageOf(error)
        throw new Error(`error reading policy file ${name}, line ${index + 1}: ${line}: ${why}`)
      }
    })
  }

  authorize(attributes: AuthorizerAttributes): AuthorizerDecision {
    for (const policy of this.#policies) {
      if (concerns(policy, attributes.user) && allows(policy, attributes)) return allowed
    }
    return noPolicy
  }

  rulesFor(user: UserInfo, namespace: string): UserRules {
    const own = this.#policies.filter(
      (policy) => concerns(policy, user) && covers(policy.namespace, namespace),
    )
    const verbs = (policy: Policy): readonly string[] => (policy.readonly ? readingVerbs : ['*'])
    return {
      resourceRules: own
        .filter(({ resource }) => resource !== '')
        .map((policy) => ({
          verbs: verbs(policy),
          apiGroups: [policy.apiGroup],
          resources: [policy.resource],
        })),
      nonResourceRules: own
        .filter(({ nonResourcePath }) => nonResourcePath !== '')
        .map((policy) => ({ verbs: verbs(policy), nonResourceURLs: [policy.nonResourcePath] })),
      incomplete: false,
      evaluationError: '',
    }
  }
}
