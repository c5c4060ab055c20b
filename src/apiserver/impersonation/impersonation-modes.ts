import { nodeOf, nodesGroup, nodeUserPrefix, serviceAccountOf } from '../authentication/users.ts'
import type { UserInfo } from '../request.ts'
import type { WantedUser } from './wanted-user.ts'

/** One of the ways to be allowed to impersonate (KEP-5284). */
export interface ImpersonationMode {
  /** What it is called where it is counted. */
  readonly name: string
  /** What the verb of each check is called: `impersonate:<mode>` for the constrained ones. */
  readonly verb: string
  /** Checked for the request's own attributes, with the request's verb behind it; '' for the legacy mode, which does not ask. */
  readonly onVerb: string
  /** Whether this mode is about such a user at all. */
  applies(wanted: WantedUser, requestor: UserInfo): boolean
}

const onlyName = (wanted: WantedUser): boolean =>
  wanted.uid === '' && wanted.groups.length === 0 && wanted.extra.size === 0

/** The node that a service account's token says it runs on. */
function nodeOfRequestor(requestor: UserInfo): string | undefined {
  if (serviceAccountOf(requestor.name) === undefined) return undefined
  const names = requestor.extra?.['authentication.kubernetes.io/node-name'] ?? []
  return names.length === 1 ? names[0] : undefined
}

const constrained = (mode: string, applies: ImpersonationMode['applies']): ImpersonationMode => ({
  name: mode,
  verb: `impersonate:${mode}`,
  onVerb: `impersonate-on:${mode}:`,
  applies,
})

export const associatedNode = constrained('associated-node', (wanted, requestor) => {
  const node = nodeOfRequestor(requestor)
  return onlyName(wanted) && node !== undefined && wanted.name === `${nodeUserPrefix}${node}`
})

export const legacy: ImpersonationMode = {
  name: 'legacy',
  verb: 'impersonate',
  onVerb: '',
  applies: () => true,
}

/** In the order in which they are tried. */
export const impersonationModes: readonly ImpersonationMode[] = [
  associatedNode,
  constrained('arbitrary-node', (wanted) => onlyName(wanted) && nodeOf(wanted.name) !== undefined),
  constrained('serviceaccount', (wanted) => onlyName(wanted) && serviceAccountOf(wanted.name) !== undefined),
  constrained(
    'user-info',
    (wanted) => nodeOf(wanted.name) === undefined && serviceAccountOf(wanted.name) === undefined,
  ),
  legacy,
]

/** Groups that a node has in the constrained modes. */
export const nodeGroups: readonly string[] = [nodesGroup]
