import type { AnyKind } from '../client/informer.ts'

/** Every kind that is served, and word when one comes or goes. */
export interface KindSource {
  list(): readonly AnyKind[]
  /** Called soon after changes. Returns what removes the handler. */
  onChange(handler: () => void): () => void
  /**
   * Looks anew, where the list is not right at every moment. Answers the group versions whose own servers could not
   * be asked: `metrics.k8s.io/v1beta1` → why. Rejects when nobody answers.
   */
  refresh(): Promise<ReadonlyMap<string, string>>
}

/** A gate alone does not serve an API that is off. */
export const servesKind = (kinds: Pick<KindSource, 'list'>, { group, version, resource }: AnyKind): boolean =>
  kinds.list().some((kind) => kind.group === group && kind.version === version && kind.resource === resource)

/** Kinds that stay as they are. */
export const fixedKinds = (kinds: readonly AnyKind[]): KindSource => ({
  list: () => kinds,
  onChange: () => () => {},
  refresh: async () => new Map(),
})
