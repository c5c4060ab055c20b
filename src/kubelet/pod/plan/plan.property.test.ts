import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isSidecar } from '../../../api/core/pod/container-restart.ts'
import type { core } from '../../../api/generated/types/index.ts'
import { containerHash } from '../../runtime/labels.ts'
import { observedContainer } from '../../testing/observed-container.ts'
import {
  latestContainer,
  type ObservedContainer,
  type ObservedPod,
  type ObservedState,
} from '../observed-pod.ts'
import { isSettled, type PodActions, planPod } from './plan.ts'

type Container = core.v1.Container
type Pod = core.v1.Pod

/** A runtime that does at once what a plan says, and of which things fail by themselves. */
class Model {
  readonly pod: Pod
  sandbox: 'none' | 'ready' | 'dead' = 'none'
  attempt = 0
  containers: ObservedContainer[] = []
  #created = 0

  constructor(pod: Pod) {
    this.pod = pod
  }

  observed(): ObservedPod {
    const sandboxes =
      this.sandbox === 'none'
        ? []
        : [
            {
              id: `s${this.attempt}`,
              metadata: { name: 'p', uid: 'u', namespace: 'n', attempt: this.attempt },
              state: this.sandbox === 'ready' ? ('SANDBOX_READY' as const) : ('SANDBOX_NOTREADY' as const),
              createdAt: this.attempt,
              labels: {},
              annotations: {},
            },
          ]
    return { sandboxes, containers: this.containers, podIps: [] }
  }

  set(name: string, state: ObservedState, exitCode = 0): void {
    this.containers = this.containers.map((container, index) =>
      container.name === name && index === this.containers.findIndex((it) => it.name === name)
        ? { ...container, state, exitCode }
        : container,
    )
  }

  apply(actions: PodActions): void {
    const { killPod, createSandbox, attempt } = actions
    if (killPod) {
      this.containers = this.containers.map((it) =>
        it.state === 'exited' ? it : { ...it, state: 'exited', exitCode: 137 },
      )
      this.sandbox = this.sandbox === 'none' ? 'none' : 'dead'
      if (!createSandbox) return
      const init = new Set((this.pod.spec?.initContainers ?? []).map(({ name }) => name))
      this.containers = this.containers.filter(({ name }) => !init.has(name))
    }
    for (const { container } of actions.kill) this.set(container.name, 'exited', 137)
    if (createSandbox) {
      this.sandbox = 'ready'
      this.attempt = attempt
    }
    for (const container of [...actions.startInit, ...actions.start]) this.start(container)
  }

  start(container: Container): void {
    this.checkOrder(container)
    this.#created++
    const fresh = observedContainer({
      id: `c${this.#created}`,
      name: container.name,
      sandboxId: `s${this.attempt}`,
      hash: containerHash(container),
      createdAtMs: this.#created,
    })
    this.containers = [fresh, ...this.containers]
  }

  /** What must hold whenever something is started. */
  checkOrder(container: Container): void {
    expect(this.sandbox).toBe('ready')
    const running = this.containers.filter(
      ({ name, state }) => name === container.name && state === 'running',
    )
    expect(running).toEqual([])
    const inits = this.pod.spec?.initContainers ?? []
    const place = inits.indexOf(container)
    // Once a regular container runs, initialization is over for good.
    const over = (this.pod.spec?.containers ?? []).some(
      ({ name }) => latestContainer(this.observed(), name)?.state === 'running',
    )
    if (over) return
    for (const before of inits.slice(0, place < 0 ? inits.length : place)) {
      const latest = latestContainer(this.observed(), before.name)
      if (isSidecar(before)) expect(latest).toBeDefined()
      else expect(latest).toMatchObject({ state: 'exited', exitCode: 0 })
    }
  }
}

const policies = fc.constantFrom('Always', 'OnFailure', 'Never')
const pods = fc
  .record({
    restartPolicy: policies,
    inits: fc.array(fc.boolean(), { maxLength: 3 }),
    containers: fc.integer({ min: 1, max: 3 }),
  })
  .map(({ restartPolicy, inits, containers }): Pod => {
    const initContainers = inits.map(
      (sidecar, index): Container => ({ name: `i${index}`, ...(sidecar ? { restartPolicy: 'Always' } : {}) }),
    )
    const names = Array.from({ length: containers }, (_, index) => ({ name: `c${index}` }))
    return { metadata: { uid: 'u' }, spec: { restartPolicy, initContainers, containers: names } }
  })
const faults = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant('end' as const), which: fc.nat(5), code: fc.constantFrom(0, 0, 1, 137) }),
    fc.record({ kind: fc.constant('sandbox' as const) }),
  ),
  { maxLength: 25 },
)

test('planPod() starts things in order, each once, and comes to rest', () => {
  fc.assert(
    fc.property(pods, faults, (pod, events) => {
      const model = new Model(pod)
      const rest = (): void => {
        for (let step = 0; step < 50; step++) {
          const actions = planPod(pod, model.observed(), () => undefined)
          if (isSettled(actions) || (actions.killPod && !actions.createSandbox)) return
          model.apply(actions)
        }
        expect.fail('it does not come to rest')
      }
      rest()
      for (const event of events) {
        if (event.kind === 'sandbox') model.sandbox = 'dead'
        else {
          const running = model.containers.filter(({ state }) => state === 'running')
          const victim = running[event.which % Math.max(running.length, 1)]
          if (victim !== undefined) model.set(victim.name, 'exited', event.code)
        }
        rest()
      }
    }),
    { numRuns: 300 },
  )
})
