import type { AnyKind } from '../client/informer.ts'

/** Every kind that is served, and word when one comes or goes. */
export interface KindSource {
  list(): readonly AnyKind[]
  /** Called synchronously after each change. Returns what removes the handler. */
  onChange(handler: () => void): () => void
}

/** Kinds that stay as they are. */
export const fixedKinds = (kinds: readonly AnyKind[]): KindSource => ({
  list: () => kinds,
  onChange: () => () => {},
})
