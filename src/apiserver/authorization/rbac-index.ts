import type { rbac } from '../../api/generated/types/index.ts'
import { goQuote } from '../../apimachinery/go-text.ts'
import { serviceAccountUser } from '../authentication/users.ts'
import type { ObjectReader } from '../object-reader.ts'
import type { UserInfo } from '../request.ts'
import { type TypedReader, typedReader } from '../typed-reader.ts'
import type { PolicyRule } from './rule-allows.ts'

type ClusterRoleBinding = rbac.v1.ClusterRoleBinding
type RoleBinding = rbac.v1.RoleBinding

/** A binding under one of its subjects. */
interface Grant {
  readonly binding: ClusterRoleBinding | RoleBinding
  readonly subject: rbac.v1.Subject
}

/** A rule that a user has, or why the rules behind a binding are not known. */
export type RuleSource = { readonly rule: PolicyRule; readonly grant: Grant } | { readonly error: string }

export const rbacGroup = 'rbac.authorization.k8s.io'

/** Where a subject's bindings are filed; undefined for one that applies to nobody. */
function subjectKey(subject: rbac.v1.Subject, bindingNamespace: string): string | undefined {
  if (subject.kind === 'User') return `user ${subject.name}`
  if (subject.kind === 'Group') return `group ${subject.name}`
  const namespace = subject.namespace || bindingNamespace
  if (subject.kind !== 'ServiceAccount' || namespace === '') return undefined
  return `user ${serviceAccountUser(namespace, subject.name)}`
}

/** Bindings of one namespace ('' for cluster-wide ones) by subject. */
class Grants {
  readonly #bySubject = new Map<string, Map<string, Grant>>()

  replace(before: Grant['binding'] | undefined, now: Grant['binding'] | undefined): void {
    for (const subject of before?.subjects ?? []) {
      const key = subjectKey(subject, before?.metadata?.namespace ?? '') ?? ''
      const known = this.#bySubject.get(key)
      known?.delete(before?.metadata?.name ?? '')
      if (known?.size === 0) this.#bySubject.delete(key)
    }
    for (const subject of now?.subjects ?? []) {
      const key = subjectKey(subject, now?.metadata?.namespace ?? '')
      if (key === undefined || now === undefined) continue
      const known = this.#bySubject.get(key) ?? new Map<string, Grant>()
      this.#bySubject.set(key, known)
      const name = now.metadata?.name ?? ''
      if (!known.has(name)) known.set(name, { binding: now, subject })
    }
  }

  *of(user: UserInfo): Generator<Grant> {
    const own = this.#bySubject.get(`user ${user.name}`)
    if (own !== undefined) yield* own.values()
    for (const group of user.groups) {
      const shared = this.#bySubject.get(`group ${group}`)
      if (shared !== undefined) yield* shared.values()
    }
  }

  get isEmpty(): boolean {
    return this.#bySubject.size === 0
  }
}

/**
 * Who has which rules: role bindings indexed by subject, kept in step with the watch cache. Asking costs what the
 * user's own bindings cost, however many others there are.
 */
export class RbacIndex {
  readonly #roles: TypedReader<rbac.v1.Role>
  readonly #clusterRoles: TypedReader<rbac.v1.ClusterRole>
  readonly #bindings: TypedReader<RoleBinding>
  readonly #clusterBindings: TypedReader<ClusterRoleBinding>
  readonly #grants = new Map<string, Grants>()

  constructor(reader: ObjectReader) {
    this.#roles = typedReader(reader, { group: rbacGroup, resource: 'roles' })
    this.#clusterRoles = typedReader(reader, { group: rbacGroup, resource: 'clusterroles' })
    this.#bindings = typedReader(reader, { group: rbacGroup, resource: 'rolebindings' })
    this.#clusterBindings = typedReader(reader, { group: rbacGroup, resource: 'clusterrolebindings' })
  }

  /** Once, when the watch cache is filled. Returns what stops it. */
  start(): () => void {
    const replace = (now: Grant['binding'] | undefined, before: Grant['binding'] | undefined): void => {
      const namespace = (now ?? before)?.metadata?.namespace ?? ''
      const grants = this.#grants.get(namespace) ?? new Grants()
      grants.replace(before, now)
      if (grants.isEmpty) this.#grants.delete(namespace)
      else this.#grants.set(namespace, grants)
    }
    for (const binding of this.#clusterBindings.list()) replace(binding, undefined)
    for (const binding of this.#bindings.list()) replace(binding, undefined)
    const stops = [this.#clusterBindings.onChange(replace), this.#bindings.onChange(replace)]
    return () => {
      for (const stop of stops) stop()
    }
  }

  /** All rules of a user in a namespace ('' for none), cluster-wide ones first. */
  *rulesOf(user: UserInfo, namespace: string): Generator<RuleSource> {
    yield* this.#rulesIn(user, '')
    if (namespace !== '') yield* this.#rulesIn(user, namespace)
  }

  *#rulesIn(user: UserInfo, namespace: string): Generator<RuleSource> {
    const grants = this.#grants.get(namespace)
    if (grants === undefined) return
    for (const grant of grants.of(user)) {
      const rules = this.rulesBehind(grant.binding.roleRef, namespace)
      if (typeof rules === 'string') yield { error: rules }
      else for (const rule of rules) yield { rule, grant }
    }
  }

  /** The rules of a role that a binding in `namespace` names, or why there are none. */
  rulesBehind(reference: rbac.v1.RoleRef, namespace: string): readonly PolicyRule[] | string {
    const { kind, name } = reference
    if (kind !== 'Role' && kind !== 'ClusterRole') return `unsupported role reference kind: ${goQuote(kind)}`
    const role = kind === 'Role' ? this.#roles.get(namespace, name) : this.#clusterRoles.get('', name)
    if (role === undefined) return `${kind.toLowerCase()}.${rbacGroup} ${goQuote(name)} not found`
    return role.rules ?? []
  }
}

/** A grant as reasons show it. */
export function describeGrant({ binding, subject }: Grant): string {
  const { name = '', namespace = '' } = binding.metadata ?? {}
  const clusterWide = namespace === ''
  const shown = clusterWide
    ? `ClusterRoleBinding ${goQuote(name)}`
    : `RoleBinding ${goQuote(`${name}/${namespace}`)}`
  const who =
    subject.kind === 'ServiceAccount' ? `${subject.name}/${subject.namespace || namespace}` : subject.name
  const { roleRef } = binding
  return `${shown} of ${roleRef.kind} ${goQuote(roleRef.name)} to ${subject.kind} ${goQuote(who)}`
}
