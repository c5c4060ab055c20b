import type { core } from '../../../api/generated/types/index.ts'
import { sidecarsOf } from '../plan/restart-policy.ts'

interface Gate {
  readonly open: Promise<void>
  readonly pass: () => void
}

function makeGate(): Gate {
  let pass: () => void = () => {}
  const open = new Promise<void>((resolve) => {
    pass = resolve
  })
  return { open, pass }
}

/** The order in which a pod's containers end: sidecars after all others, the last-declared first (KEP-753). */
export class TerminationOrder {
  readonly #ended = new Map<string, Gate>()
  readonly #turns = new Map<string, Promise<void>>()
  readonly #turnOver = new Map<string, AbortController>()

  constructor(pod: core.v1.Pod, running: readonly { readonly name: string }[]) {
    const alive = new Set(running.map(({ name }) => name))
    const sidecars = sidecarsOf(pod)
      .map(({ name }) => name)
      .filter((name) => alive.has(name))
    for (const name of alive) this.#ended.set(name, makeGate())
    const regular = (pod.spec?.containers ?? []).map(({ name }) => name).filter((name) => alive.has(name))
    let before = Promise.all(regular.map((name) => this.#ended.get(name)?.open)).then(() => {})
    for (const name of [...sidecars].reverse()) {
      const over = new AbortController()
      const turn = before.then(() => over.abort())
      this.#turns.set(name, turn)
      this.#turnOver.set(name, over)
      before = Promise.all([turn, this.#ended.get(name)?.open]).then(() => {})
    }
  }

  /** Resolves when the container may be stopped. */
  turn(name: string): Promise<void> {
    return this.#turns.get(name) ?? Promise.resolve()
  }

  /** Aborts when its turn has come: what else waits for it may give up. */
  overSignal(name: string): AbortSignal {
    return this.#turnOver.get(name)?.signal ?? AbortSignal.abort()
  }

  ended(name: string): void {
    this.#ended.get(name)?.pass()
  }
}
