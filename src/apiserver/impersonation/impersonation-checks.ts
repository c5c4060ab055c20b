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

function groupRefusal(mode: ImpersonationMode, group: string): string | undefined {
  if (mode === legacy) return undefined
  if (group === '') return 'impersonating the empty string group is not allowed'
  return group === mastersGroup ? 'impersonating the system:masters group is not allowed' : undefined
}

/** A key is a domain-prefixed path: `example.com/key`. */
function extraRefusal(mode: ImpersonationMode, key: string, value: string): string | undefined {
  if (mode === legacy) return undefined
  if (key === '') return 'impersonating the empty string key in extra is not allowed'
  const [domain = '', ...path] = key.split('/')
  if (path.join('/') === '' || isDns1123Subdomain(domain).length > 0) {
    return 'impersonating an invalid key in extra is not allowed: extra.key: Invalid value: must be a domain-prefixed path (such as "acme.io/foo")'
  }
  if (key !== key.toLowerCase()) return `impersonating a non-lowercase key in extra is not allowed: "${key}"`
  return value === '' ? 'impersonating the empty string value in extra is not allowed' : undefined
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
  for (const name of wanted.groups) add({ group, resource: 'groups', name }, groupRefusal(mode, name))
  for (const [key, values] of wanted.extra) {
    for (const name of values) {
      const target = { group: authenticationGroup, resource: 'userextras', subresource: key, name }
      add(target, extraRefusal(mode, key, name))
    }
  }
  return checks
}
