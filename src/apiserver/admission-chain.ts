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

interface Steps {
  readonly mutating: readonly AdmissionPlugin[]
  readonly deleting: readonly AdmissionPlugin[]
  readonly validating: readonly AdmissionPlugin[]
}

/** Runs the plugins that handle a write, in their order. */
export class AdmissionChain {
  readonly #plugins: readonly AdmissionPlugin[]
  #steps = new WeakMap<KindDeclaration, Map<string, Steps>>()

  constructor(plugins: readonly AdmissionPlugin[]) {
    this.#plugins = plugins
    for (const plugin of plugins)
      plugin.onChange?.(() => {
        this.#steps = new WeakMap()
      })
  }

  #stepsFor({ operation, declaration, subresource }: AdmissionInput): Steps {
    let byKey = this.#steps.get(declaration)
    if (byKey === undefined) {
      byKey = new Map()
      this.#steps.set(declaration, byKey)
    }
    const key = subresource === '' ? operation : `${operation} ${subresource}`
    const known = byKey.get(key)
    if (known !== undefined) return known
    const handling = this.#plugins.filter((plugin) => plugin.handles(operation, declaration, subresource))
    const steps = {
      mutating: handling.filter((plugin) => plugin.mutate !== undefined),
      deleting: handling.filter((plugin) => plugin.mutateDeletion !== undefined),
      validating: handling.filter((plugin) => plugin.validate !== undefined),
    }
    byKey.set(key, steps)
    return steps
  }

  /** Gives the object to go on with; a promise only where a plugin waits for something, which is rare. */
  mutate(input: AdmissionInput, object: KubernetesObject): MaybePromise<KubernetesObject> {
    const { mutating } = this.#stepsFor(input)
    if (mutating.length === 0) return object
    const attributes = new Attributes(input, userOf(input.request))
    const first = mutateFrom(mutating, 0, attributes, object)
    if (!(first instanceof Promise) && !attributes.isReinvoked) return first
    return this.#finish(mutating, attributes, object, first)
  }

  /** What is not done at once may have gone through others' hands. */
  async #finish(
    plugins: readonly AdmissionPlugin[],
    attributes: Attributes,
    object: KubernetesObject,
    first: MaybePromise<KubernetesObject>,
  ): Promise<KubernetesObject> {
    return withValidManagers(object, await mutateAgain(plugins, attributes, await first), attributes)
  }

  /** Throws, or rejects with, what the first plugin that refuses throws. */
  validate(input: AdmissionInput): MaybePromise<void> {
    const { validating } = this.#stepsFor(input)
    if (validating.length === 0) return
    const attributes = new Attributes(input, userOf(input.request))
    return passFrom(validating, 0, (plugin) => plugin.validate?.(attributes))
  }

  /** Both steps of a DELETE. */
  admitDeletion(input: AdmissionInput): MaybePromise<void> {
    const { deleting } = this.#stepsFor(input)
    if (deleting.length === 0) return this.validate(input)
    const attributes = new Attributes(input, userOf(input.request))
    const first = passFrom(deleting, 0, (plugin) => plugin.mutateDeletion?.(attributes))
    return first instanceof Promise ? first.then(() => this.validate(input)) : this.validate(input)
  }
}

function mutateFrom(
  plugins: readonly AdmissionPlugin[],
  start: number,
  attributes: Attributes,
  object: KubernetesObject,
): MaybePromise<KubernetesObject> {
  let current = object
  for (let index = start; index < plugins.length; index++) {
    attributes.object = current
    const result = plugins[index]?.mutate?.(attributes, current) ?? current
    if (result instanceof Promise)
      return result.then((changed) => mutateFrom(plugins, index + 1, attributes, changed))
    current = result
  }
  return current
}

/** All plugins see once what those changed that asked for it; there is no third time. */
function mutateAgain(
  plugins: readonly AdmissionPlugin[],
  attributes: Attributes,
  object: KubernetesObject,
): MaybePromise<KubernetesObject> {
  if (!attributes.isReinvoked) return object
  attributes.round = 1
  return mutateFrom(plugins, 0, attributes, object)
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

function passFrom(
  plugins: readonly AdmissionPlugin[],
  start: number,
  pass: (plugin: AdmissionPlugin) => MaybePromise<void>,
): MaybePromise<void> {
  for (let index = start; index < plugins.length; index++) {
    const plugin = plugins[index]
    const result = plugin === undefined ? undefined : pass(plugin)
    if (result instanceof Promise) return result.then(() => passFrom(plugins, index + 1, pass))
  }
}

function userOf(request: ServerRequest): UserInfo {
  assert(request.user !== undefined, 'a request reaches admission without a user')
  return request.user
}
