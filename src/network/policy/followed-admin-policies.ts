import { CustomResourceDefinition } from '../../api/apiextensions/custom-resource-definition/kind.ts'
import { defineKind } from '../../apimachinery/define-kind.ts'
import type { KubernetesObject } from '../../apimachinery/meta.ts'
import type { Followed, InformerFactory, ReflectorSink } from '../../client/informer.ts'
import { type AdminNetworkPolicy, type ParsedAdminPolicy, parseAdminPolicy } from './admin-policy.ts'

const group = 'policy.networking.k8s.io'

const adminKinds = (
  [
    ['admin', 'AdminNetworkPolicy', 'adminnetworkpolicies'],
    ['baseline', 'BaselineAdminNetworkPolicy', 'baselineadminnetworkpolicies'],
  ] as const
).map(([tier, kind, resource]) => ({
  tier,
  kind: defineKind<AdminNetworkPolicy>({
    ...{ group, version: 'v1alpha1', kind, resource },
    ...{ namespaced: false, schema: '' },
  }),
}))

export interface FollowedAdminPoliciesOptions {
  readonly informers: InformerFactory
  readonly changed: () => void
}

interface ServedKind {
  readonly followed: Followed
  policies: ReadonlyMap<string, ParsedAdminPolicy>
  synced: boolean
}

/** Administrators' policies, for as long as the cluster has the definitions of their kinds. */
export class FollowedAdminPolicies {
  readonly #options: FollowedAdminPoliciesOptions
  readonly #served = new Map<string, ServedKind>()
  readonly #unsubscribe: (() => void)[] = []
  #knowsDefinitions = false
  #stopped = false

  constructor(options: FollowedAdminPoliciesOptions) {
    this.#options = options
    const definitions = adminKinds.map(({ kind, tier }) => {
      const fieldSelector = `metadata.name=${kind.resource}.${group}`
      const informer = options.informers.informer(CustomResourceDefinition, { fieldSelector })
      this.#unsubscribe.push(
        informer.onChange((definition) => {
          const conditions = definition?.status?.conditions ?? []
          const serves = conditions.some(({ type, status }) => type === 'Established' && status === 'True')
          if (serves) this.#follow(kind, tier)
          else this.#leave(kind.resource)
        }),
      )
      return informer.whenSynced()
    })
    Promise.all(definitions).then(
      () => {
        this.#knowsDefinitions = true
        options.changed()
      },
      () => {},
    )
  }

  /** undefined until all of them are known. */
  get policies(): readonly ParsedAdminPolicy[] | undefined {
    const served = [...this.#served.values()]
    if (!this.#knowsDefinitions || served.some(({ synced }) => !synced)) return undefined
    return served.flatMap(({ policies }) => [...policies.values()])
  }

  stop(): void {
    this.#stopped = true
    for (const remove of this.#unsubscribe) remove()
  }

  #follow(kind: (typeof adminKinds)[number]['kind'], tier: ParsedAdminPolicy['tier']): void {
    if (this.#stopped || this.#served.has(kind.resource)) return
    const keep = (policies: ReadonlyMap<string, ParsedAdminPolicy>): void => {
      if (this.#served.get(kind.resource) !== served) return
      served.policies = policies
      served.synced = true
      this.#options.changed()
    }
    const named = (object: KubernetesObject): readonly [string, ParsedAdminPolicy] => [
      object.metadata?.name ?? '',
      parseAdminPolicy(object, tier),
    ]
    const sink: ReflectorSink<KubernetesObject> = {
      replace: async (objects) => keep(new Map(objects.map(named))),
      apply: async (events) => {
        const policies = new Map(served.policies)
        for (const { type, object } of events) {
          const [name, policy] = named(object)
          if (type === 'DELETED') policies.delete(name)
          else policies.set(name, policy)
        }
        keep(policies)
      },
      progress: () => {},
    }
    const followed = this.#options.informers.follow(kind, sink)
    const served: ServedKind = { followed, policies: new Map(), synced: false }
    this.#served.set(kind.resource, served)
  }

  #leave(resource: string): void {
    const served = this.#served.get(resource)
    if (served === undefined) return
    this.#served.delete(resource)
    served.followed.stop().catch(() => {})
    this.#options.changed()
  }
}
