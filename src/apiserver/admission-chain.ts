import type { GroupVersionKind, KindDeclaration } from '../apimachinery/define-kind.ts'
import { managersComplaint } from '../apimachinery/managed-fields/managers.ts'
import type { KubernetesObject } from '../apimachinery/meta.ts'
import { assert } from '../base/assert.ts'
import type {
  AdmissionAttributes,
  AdmissionOperation,
  AdmissionPlugin,
  GroupVersionResource,
} from './admission.ts'
import type { MaybePromise } from './authenticator.ts'
import {
  type AdmissionTiming,
  type AdmissionType,
  untimed,
  type Verdicts,
} from './metrics/admission-timing.ts'
import type { ServerRequest, UserInfo } from './request.ts'

/** What a write tells admission. */
export interface AdmissionInput {
  readonly operation: AdmissionOperation
  readonly declaration: KindDeclaration
  /** Of `object`; the resource's own kind when absent. */
  readonly kind?: GroupVersionKind
  readonly subresource: string
  readonly namespace: string
  readonly name: string
  readonly object: KubernetesObject | undefined
  readonly oldObject: KubernetesObject | undefined
  readonly dryRun: boolean
  readonly options: Readonly<Record<string, unknown>>
  readonly request: ServerRequest
}

class Attributes implements AdmissionAttributes {
  readonly operation: AdmissionOperation
  readonly declaration: KindDeclaration
  readonly kind: GroupVersionKind
  readonly subresource: string
  readonly namespace: string
  readonly name: string
  readonly oldObject: KubernetesObject | undefined
  readonly dryRun: boolean
  readonly options: Readonly<Record<string, unknown>>
  readonly user: UserInfo
  object: KubernetesObject | undefined
  round: 0 | 1 = 0
  isReinvoked = false
  readonly #request: ServerRequest

  constructor(input: AdmissionInput, user: UserInfo) {
    this.operation = input.operation
    this.declaration = input.declaration
    this.kind = input.kind ?? input.declaration
    this.subresource = input.subresource
    this.namespace = input.namespace
    this.name = input.name
    this.oldObject = input.oldObject
    this.dryRun = input.dryRun
    this.options = input.options
    this.user = user
    this.object = input.object
    this.#request = input.request
  }

  get resource(): GroupVersionResource {
    return this.declaration
  }

  get signal(): AbortSignal {
    return this.#request.signal
  }

  reinvoke(): void {
    this.isReinvoked = true
  }

  warn(text: string): void {
    this.#request.warn(text)
  }

  annotate(key: string, value: string): void {
    this.#request.annotate(key, value)
  }

  annotateSent(key: string, value: () => string): void {
    if (this.#request.audit?.wantsSent === true) this.#request.annotate(key, value())
  }

  took(stage: 'mutating-webhook' | 'validating-webhook', ms: number): void {
    this.#request.took(stage, ms)
  }
}

interface Step {
  readonly plugin: AdmissionPlugin
  readonly verdicts: Verdicts
}

/** The plugins that have something to do in one of admission's two passes. */
interface Phase {
  readonly steps: readonly Step[]
  readonly verdicts: Verdicts
}

interface Phases {
  readonly mutating: Phase
  readonly deleting: Phase
  readonly validating: Phase
}

/** Runs the plugins that handle a write, in their order. */
export class AdmissionChain {
  readonly #plugins: readonly AdmissionPlugin[]
  readonly #timing: AdmissionTiming
  #phases = new WeakMap<KindDeclaration, Map<string, Phases>>()

  constructor(plugins: readonly AdmissionPlugin[], timing: AdmissionTiming = untimed) {
    this.#plugins = plugins
    this.#timing = timing
    for (const plugin of plugins)
      plugin.onChange?.(() => {
        this.#phases = new WeakMap()
      })
  }

  #phasesFor({ operation, declaration, subresource }: AdmissionInput): Phases {
    let byKey = this.#phases.get(declaration)
    if (byKey === undefined) {
      byKey = new Map()
      this.#phases.set(declaration, byKey)
    }
    const key = subresource === '' ? operation : `${operation} ${subresource}`
    const known = byKey.get(key)
    if (known !== undefined) return known
    const handling = this.#plugins.filter((plugin) => plugin.handles(operation, declaration, subresource))
    const phase = (type: AdmissionType, has: (plugin: AdmissionPlugin) => boolean): Phase => ({
      steps: handling
        .filter(has)
        .map((plugin) => ({ plugin, verdicts: this.#timing.plugin(plugin.name, type, operation) })),
      verdicts: this.#timing.step(type, operation),
    })
    const phases = {
      mutating: phase('admit', ({ mutate }) => mutate !== undefined),
      deleting: phase('admit', ({ mutateDeletion }) => mutateDeletion !== undefined),
      validating: phase('validate', ({ validate }) => validate !== undefined),
    }
    byKey.set(key, phases)
    return phases
  }

  /** Gives the object to go on with; a promise only where a plugin waits for something, which is rare. */
  mutate(input: AdmissionInput, object: KubernetesObject): MaybePromise<KubernetesObject> {
    const { mutating } = this.#phasesFor(input)
    const { steps, verdicts } = mutating
    if (steps.length === 0) return object
    const attributes = new Attributes(input, userOf(input.request))
    return judged(this.#timing, verdicts, () => {
      const first = this.#mutateFrom(steps, 0, attributes, object)
      if (!(first instanceof Promise) && !attributes.isReinvoked) return first
      return this.#finish(steps, attributes, object, first)
    })
  }

  /** What is not done at once may have gone through others' hands. */
  async #finish(
    steps: readonly Step[],
    attributes: Attributes,
    object: KubernetesObject,
    first: MaybePromise<KubernetesObject>,
  ): Promise<KubernetesObject> {
    return withValidManagers(object, await this.#mutateAgain(steps, attributes, await first), attributes)
  }

  /** Throws, or rejects with, what the first plugin that refuses throws. */
  validate(input: AdmissionInput): MaybePromise<void> {
    const { validating } = this.#phasesFor(input)
    if (validating.steps.length === 0) return
    const attributes = new Attributes(input, userOf(input.request))
    return this.#pass(validating, (plugin) => plugin.validate?.(attributes))
  }

  /** Both steps of a DELETE. */
  admitDeletion(input: AdmissionInput): MaybePromise<void> {
    const { deleting } = this.#phasesFor(input)
    if (deleting.steps.length === 0) return this.validate(input)
    const attributes = new Attributes(input, userOf(input.request))
    const first = this.#pass(deleting, (plugin) => plugin.mutateDeletion?.(attributes))
    return first instanceof Promise ? first.then(() => this.validate(input)) : this.validate(input)
  }

  #mutateFrom(
    steps: readonly Step[],
    start: number,
    attributes: Attributes,
    object: KubernetesObject,
  ): MaybePromise<KubernetesObject> {
    let current = object
    for (let index = start; index < steps.length; index++) {
      const step = steps[index]
      assert(step !== undefined, 'a plugin is missing')
      attributes.object = current
      const result = judged(
        this.#timing,
        step.verdicts,
        () => step.plugin.mutate?.(attributes, current) ?? current,
      )
      if (result instanceof Promise)
        return result.then((changed) => this.#mutateFrom(steps, index + 1, attributes, changed))
      current = result
    }
    return current
  }

  /** All plugins see once what those changed that asked for it; there is no third time. */
  #mutateAgain(
    steps: readonly Step[],
    attributes: Attributes,
    object: KubernetesObject,
  ): MaybePromise<KubernetesObject> {
    if (!attributes.isReinvoked) return object
    attributes.round = 1
    return this.#mutateFrom(steps, 0, attributes, object)
  }

  #pass(
    { steps, verdicts }: Phase,
    pass: (plugin: AdmissionPlugin) => MaybePromise<void>,
  ): MaybePromise<void> {
    return judged(this.#timing, verdicts, () => this.#passFrom(steps, 0, pass))
  }

  #passFrom(
    steps: readonly Step[],
    start: number,
    pass: (plugin: AdmissionPlugin) => MaybePromise<void>,
  ): MaybePromise<void> {
    for (let index = start; index < steps.length; index++) {
      const step = steps[index]
      assert(step !== undefined, 'a plugin is missing')
      const result = judged(this.#timing, step.verdicts, () => pass(step.plugin))
      if (result instanceof Promise) return result.then(() => this.#passFrom(steps, index + 1, pass))
    }
  }
}

/** What `work` gives or throws; measured, as accepted or rejected. */
function judged<T>(
  timing: AdmissionTiming,
  verdicts: Verdicts,
  work: () => MaybePromise<T>,
): MaybePromise<T> {
  const startedMs = timing.monotonicMs()
  const rejected = (error: unknown): never => {
    verdicts.rejected(timing.monotonicMs() - startedMs)
    throw error
  }
  try {
    const result = work()
    if (result instanceof Promise)
      return result.then((given) => {
        verdicts.accepted(timing.monotonicMs() - startedMs)
        return given
      }, rejected)
    verdicts.accepted(timing.monotonicMs() - startedMs)
    return result
  } catch (error) {
    return rejected(error)
  }
}

/** Managed fields that plugins have spoilt are as they were before. */
function withValidManagers(
  before: KubernetesObject,
  after: KubernetesObject,
  attributes: Attributes,
): KubernetesObject {
  // Field management has made those that no plugin touched.
  if (after.metadata?.managedFields === before.metadata?.managedFields) return after
  const complaint = managersComplaint(after.metadata?.managedFields)
  if (complaint === undefined) return after
  attributes.warn(
    `.metadata.managedFields was in an invalid state after admission; this could be caused by an outdated mutating admission controller; please fix your requests: ${complaint}`,
  )
  const { managedFields: _spoilt, ...metadata } = after.metadata ?? {}
  const managedFields = before.metadata?.managedFields
  return { ...after, metadata: managedFields === undefined ? metadata : { ...metadata, managedFields } }
}

function userOf(request: ServerRequest): UserInfo {
  assert(request.user !== undefined, 'a request reaches admission without a user')
  return request.user
}
