import { Namespace } from '../../api/core/namespace/kind.ts'
import { Node } from '../../api/core/node/kind.ts'
import { Pod } from '../../api/core/pod/kind.ts'
import type { core, networking } from '../../api/generated/types/index.ts'
import { NetworkPolicy } from '../../api/networking/network-policy/kind.ts'
import type { KubernetesObject, StringMap } from '../../apimachinery/meta.ts'
import type { InformerFactory } from '../../client/informer.ts'
import { isSubject } from './admin-policy.ts'
import type { PolicyWorld } from './compile-policies.ts'
import { FollowedAdminPolicies } from './followed-admin-policies.ts'
import { type ParsedPolicy, parsePolicy } from './parsed-policy.ts'
import { nodeText, type PolicyNode, policyNode } from './policy-node.ts'
import { dnsPod, type PolicyPod, podText, policyPod } from './policy-pod.ts'

export interface InformedWorldOptions {
  readonly informers: InformerFactory
  readonly nodeName: string
  /** Where each node answers for cluster DNS itself. */
  readonly dnsAddress?: string
  /** Something that policies see has changed. */
  readonly changed: () => void
}

/** A pod of this node that is about to start. */
export interface NewPod {
  readonly namespace: string
  readonly name: string
  readonly uid: string
}

const keyOf = ({ metadata }: KubernetesObject): string =>
  `${metadata?.namespace ?? ''}/${metadata?.name ?? ''}`

/**
 * What policies decide by, from the caches. Pods and Namespaces of the whole cluster are followed from the
 * first policy on: who has none pays nothing.
 */
export class InformedWorld {
  readonly #options: InformedWorldOptions
  readonly #policies = new Map<string, ParsedPolicy>()
  readonly #pods = new Map<string, PolicyPod>()
  /** What new pods of this node have, whatever their statuses say. */
  readonly #given = new Map<string, { readonly uid: string; readonly addresses: readonly string[] }>()
  readonly #namespaces = new Map<string, StringMap>()
  readonly #unsubscribe: (() => void)[] = []
  readonly #admin: FollowedAdminPolicies
  /** Followed from the first administrators' policy on. */
  #nodes: ReadonlyMap<string, PolicyNode> | undefined
  /** What is followed is in the caches. */
  #ready = false
  #followsPods = false
  #stopped = false

  constructor(options: InformedWorldOptions) {
    this.#options = options
    const { informers } = options
    this.#admin = new FollowedAdminPolicies({ informers, changed: () => this.#adminChanged() })
    const policies = informers.informer(NetworkPolicy)
    this.#unsubscribe.push(policies.onChange((policy, old) => this.#policyChanged(policy, old)))
    policies.whenSynced().then(
      () => this.#synced(),
      () => {},
    )
  }

  /** undefined until the caches are filled. */
  get world(): PolicyWorld | undefined {
    const adminPolicies = this.#admin.policies
    if (!this.#ready || adminPolicies === undefined) return undefined
    const { dnsAddress } = this.#options
    const dns = dnsAddress === undefined ? [] : [dnsPod(dnsAddress)]
    return {
      policies: [...this.#policies.values()],
      adminPolicies,
      nodes: [...(this.#nodes?.values() ?? [])],
      namespaces: this.#namespaces,
      pods: [...this.#pods.values(), ...dns],
      judgedNodeAddresses: dnsAddress === undefined ? [] : [dnsAddress],
    }
  }

  /** There are policies, so that pods matter. */
  get followsPods(): boolean {
    return this.#followsPods
  }

  giveAddresses({ namespace, name, uid }: NewPod, addresses: readonly string[]): void {
    this.#given.set(`${namespace}/${name}`, { uid, addresses })
    const pod = this.#options.informers.informer(Pod).lister.get(namespace, name)
    if (pod !== undefined) this.#podChanged(pod, pod)
  }

  takeAddresses({ namespace, name, uid }: NewPod): void {
    const key = `${namespace}/${name}`
    if (this.#given.get(key)?.uid === uid) this.#given.delete(key)
  }

  /** The pod is known, and so is whether a policy selects it; undefined where it is not known. */
  isSelected({ namespace, name, uid }: NewPod): boolean | undefined {
    const pod = this.#options.informers.informer(Pod).lister.get(namespace, name)
    const admin = this.#admin.policies
    if (!this.#ready || admin === undefined || pod?.metadata?.uid !== uid) return undefined
    const labels = pod.metadata.labels ?? {}
    const ofNamespace = this.#namespaces.get(namespace) ?? {}
    if (admin.some((policy) => isSubject(policy, labels, namespace, ofNamespace))) return true
    for (const policy of this.#policies.values()) {
      if (policy.namespace === namespace && policy.pods.matches(labels)) return true
    }
    return false
  }

  stop(): void {
    this.#stopped = true
    this.#admin.stop()
    for (const remove of this.#unsubscribe) remove()
  }

  #policyChanged(
    policy: networking.v1.NetworkPolicy | undefined,
    old: networking.v1.NetworkPolicy | undefined,
  ): void {
    if (policy !== undefined) {
      this.#policies.set(keyOf(policy), parsePolicy(policy))
      this.#followPods()
    } else if (old !== undefined) this.#policies.delete(keyOf(old))
    this.#changed()
  }

  #adminChanged(): void {
    if (this.#stopped) return
    if ((this.#admin.policies?.length ?? 0) > 0) {
      this.#followPods()
      this.#followNodes()
    }
    this.#changed()
  }

  /** Rules that name nodes are late rather than everything: nodes come last. */
  #followNodes(): void {
    if (this.#nodes !== undefined) return
    const nodes = new Map<string, PolicyNode>()
    this.#nodes = nodes
    const follow = (node: core.v1.Node | undefined, old: core.v1.Node | undefined): void => {
      const name = (node ?? old)?.metadata?.name ?? ''
      if (node !== undefined && old !== undefined && nodeText(node) === nodeText(old)) return
      if (node === undefined) nodes.delete(name)
      else nodes.set(name, policyNode(node, name === this.#options.nodeName))
      this.#changed()
    }
    this.#unsubscribe.push(this.#options.informers.informer(Node).onChange(follow))
  }

  #synced(): void {
    // With policies it waits for the pods that they select.
    if (!this.#followsPods) this.#ready = true
    this.#changed()
  }

  #followPods(): void {
    if (this.#followsPods || this.#stopped) return
    this.#followsPods = true
    this.#ready = false
    const { informers } = this.#options
    const pods = informers.informer(Pod)
    const namespaces = informers.informer(Namespace)
    this.#unsubscribe.push(
      pods.onChange((pod, old) => this.#podChanged(pod, old)),
      namespaces.onChange((namespace, old) => this.#namespaceChanged(namespace, old)),
    )
    Promise.all([informers.informer(NetworkPolicy), pods, namespaces].map((each) => each.whenSynced())).then(
      () => {
        this.#ready = true
        this.#changed()
      },
      () => {},
    )
  }

  #podChanged(pod: core.v1.Pod | undefined, old: core.v1.Pod | undefined): void {
    const object = pod ?? old
    if (object === undefined) return
    const key = keyOf(object)
    const known = this.#pods.get(key)
    const given = this.#given.get(key)
    const isGiven = given !== undefined && given.uid === object.metadata?.uid
    if (pod === undefined && isGiven) this.#given.delete(key)
    const seen = pod && policyPod(pod, this.#options.nodeName, isGiven ? given.addresses : undefined)
    if (seen === undefined) {
      if (this.#pods.delete(key)) this.#changed()
    } else if (known === undefined || podText(known) !== podText(seen)) {
      this.#pods.set(key, seen)
      this.#changed()
    }
  }

  #namespaceChanged(namespace: core.v1.Namespace | undefined, old: core.v1.Namespace | undefined): void {
    const name = (namespace ?? old)?.metadata?.name ?? ''
    const labels = namespace?.metadata?.labels
    if (labels === old?.metadata?.labels && this.#namespaces.has(name)) return
    if (namespace === undefined) this.#namespaces.delete(name)
    else this.#namespaces.set(name, labels ?? {})
    this.#changed()
  }

  #changed(): void {
    if (this.#ready && !this.#stopped) this.#options.changed()
  }
}
