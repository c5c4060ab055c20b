import { aggregateFields } from '../../apimachinery/aggregate.ts'
import { invalidValue } from '../../apimachinery/field-errors.ts'
import { fieldPath } from '../../apimachinery/field-path.ts'
import { isDns1123Subdomain } from '../../apimachinery/names.ts'
import { mastersGroup, nodeOf, serviceAccountOf } from '../authentication/users.ts'
import type { AuthorizerAttributes } from '../authorizer.ts'
import type { UserInfo } from '../request.ts'
import { associatedNode, type ImpersonationMode, legacy } from './impersonation-modes.ts'
import type { WantedUser } from './wanted-user.ts'

/** Something that must be allowed; with `refusal` it never is. */
export interface ImpersonationCheck {
  readonly attributes: AuthorizerAttributes
  readonly refusal?: string
}

const authenticationGroup = 'authentication.k8s.io'

type Target = Pick<AuthorizerAttributes, 'group' | 'resource' | 'name'> &
  Partial<Pick<AuthorizerAttributes, 'namespace' | 'subresource'>>

const attributesFor = (requestor: UserInfo, verb: string, target: Target): AuthorizerAttributes => ({
  user: requestor,
  verb,
  isResourceRequest: true,
  path: '',
  version: 'v1',
  namespace: '',
  subresource: '',
  ...target,
})

function nameTarget(mode: ImpersonationMode, wanted: WantedUser): Target {
  const group = mode === legacy ? '' : authenticationGroup
  const account = serviceAccountOf(wanted.name)
  if (account !== undefined) return { group, resource: 'serviceaccounts', ...account }
  const node = mode === legacy ? undefined : nodeOf(wanted.name)
  // A service account may be the node that it runs on, whichever that is: the name has been compared already.
  if (node !== undefined) return { group, resource: 'nodes', name: mode === associatedNode ? '*' : node }
  return { group, resource: 'users', name: wanted.name }
}

/** What nobody may be made part of, whatever the rules say. */
function groupsRefusal(groups: readonly string[]): readonly [name: string, why: string] | undefined {
  if (groups.includes('')) return ['', 'impersonating the empty string group is not allowed']
  if (!groups.includes(mastersGroup)) return undefined
  return [mastersGroup, 'impersonating the system:masters group is not allowed']
}

/** A key is a domain-prefixed path: `example.com/key`. */
function keyComplaint(key: string): string | undefined {
  const slash = key.indexOf('/')
  const [domain, path] = [key.slice(0, Math.max(slash, 0)), key.slice(slash + 1)]
  const where = fieldPath('extra').child('key')
  const errors =
    domain === '' || path === ''
      ? [invalidValue(where, key, 'must be a domain-prefixed path (such as "acme.io/foo")')]
      : isDns1123Subdomain(domain).map((why) => invalidValue(where, domain, why))
  return errors.length === 0 ? undefined : aggregateFields(errors)
}

function extraRefusal(extra: WantedUser['extra']): string | undefined {
  for (const [key, values] of extra) {
    if (key === '') return 'impersonating the empty string key in extra is not allowed'
    const complaint = keyComplaint(key)
    if (complaint !== undefined) return `impersonating an invalid key in extra is not allowed: ${complaint}`
    if (key !== key.toLowerCase())
      return `impersonating a non-lowercase key in extra is not allowed: "${key}"`
    if (values.includes('')) return 'impersonating the empty string value in extra is not allowed'
  }
  return undefined
}

const check = (attributes: AuthorizerAttributes, refusal?: string): ImpersonationCheck =>
  refusal === undefined ? { attributes } : { attributes, refusal }

/** Everything that a mode asks before `requestor` may be `wanted`: each part of the identity by itself. */
export function impersonationChecks(
  mode: ImpersonationMode,
  requestor: UserInfo,
  wanted: WantedUser,
): readonly ImpersonationCheck[] {
  const group = mode === legacy ? '' : authenticationGroup
  const checks = [check(attributesFor(requestor, mode.verb, nameTarget(mode, wanted)))]
  const add = (target: Target, refusal?: string): void => {
    checks.push(check(attributesFor(requestor, mode.verb, target), refusal))
  }
  if (wanted.uid !== '') add({ group: authenticationGroup, resource: 'uids', name: wanted.uid })
  const badGroup = mode === legacy ? undefined : groupsRefusal(wanted.groups)
  if (badGroup !== undefined) add({ group, resource: 'groups', name: badGroup[0] }, badGroup[1])
  for (const name of wanted.groups) add({ group, resource: 'groups', name })
  const badExtra = mode === legacy ? undefined : extraRefusal(wanted.extra)
  if (badExtra !== undefined) add({ group: authenticationGroup, resource: 'userextras', name: '' }, badExtra)
  for (const [key, values] of wanted.extra) {
    for (const name of values) {
      add({ group: authenticationGroup, resource: 'userextras', subresource: key, name })
    }
  }
  return checks
}
