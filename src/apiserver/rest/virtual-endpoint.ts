import type { KindDeclaration } from '../../apimachinery/define-kind.ts'
import { CreatedFields } from '../../apimachinery/managed-fields/created-fields.ts'
import type { Fields } from '../../apimachinery/managed-fields/typed.ts'
import { updateManagedFields } from '../../apimachinery/managed-fields/update.ts'
import { oneVersion } from '../../apimachinery/managed-fields/versions.ts'
import type { KubernetesObject } from '../../apimachinery/meta.ts'
import type { Schema } from '../../apimachinery/schema.ts'
import { apiVersionOf } from '../cache/layout.ts'
import type { VirtualResource } from '../endpoint.ts'
import type { ServerRequest } from '../request.ts'
import { objectResponse, type ServerResponse } from '../response.ts'
import { readObject } from './body.ts'
import { ensureNamespace, wipeSystemFields, withMetadata } from './object-meta.ts'
import type { RestContext } from './rest-context.ts'
import { optionsAs, type WriteOptions, writeOptions } from './write-options.ts'

/** POST of a kind that is answered and not stored: all that comes before the answer is as for other kinds. */
export class VirtualEndpoint {
  readonly #virtual: VirtualResource
  readonly #kind: KindDeclaration
  readonly #context: RestContext
  readonly #schema: Schema | undefined
  readonly #empty: KubernetesObject
  readonly #created: CreatedFields

  constructor(virtual: VirtualResource, kind: KindDeclaration, context: RestContext) {
    this.#virtual = virtual
    this.#kind = kind
    this.#context = context
    this.#schema = context.schemas.get(kind.schema)
    this.#empty = context.decoder.accept(
      { kind: kind.kind, apiVersion: apiVersionOf(kind) },
      { expected: kind, schema: this.#schema, fieldValidation: 'Ignore' },
    ).object
    this.#created = new CreatedFields(this.#schema ?? {}, this.#empty as unknown as Fields)
  }

  async create(request: ServerRequest): Promise<ServerResponse> {
    const context = this.#context
    const kind = this.#kind
    const options = writeOptions(request, 'CreateOptions')
    const body = await readObject(context, request, kind, this.#schema, options.fieldValidation)
    const namespace = kind.namespaced ? request.info.namespace : ''
    const placed = kind.defaults(ensureNamespace(wipeSystemFields(body), namespace))
    const managed = this.#withManagedFields(placed, options)
    const input = {
      operation: 'CREATE',
      declaration: kind,
      subresource: '',
      namespace,
      name: managed.metadata?.name ?? '',
      oldObject: undefined,
      dryRun: options.dryRun,
      options: optionsAs(options, 'CreateOptions'),
      request,
    } as const
    const object = await context.admission.mutate({ ...input, object: managed }, managed)
    await context.admission.validate({ ...input, object })
    const answer = await this.#virtual.create(request, object)
    return objectResponse(context.decoder.written(answer, this.#schema, 'json'), 201)
  }

  #withManagedFields(object: KubernetesObject, { manager }: WriteOptions): KubernetesObject {
    if (this.#schema === undefined) return object
    const apiVersion = apiVersionOf(this.#kind)
    const shown = this.#context.decoder.written(object, this.#schema, 'json')
    const { metadata } = updateManagedFields(undefined, shown, {
      manager,
      apiVersion,
      subresource: '',
      time: this.#context.identities.time(),
      schema: this.#schema,
      versions: oneVersion(apiVersion, this.#schema),
      empty: this.#empty,
      created: this.#created,
    })
    return withMetadata(object, { managedFields: metadata?.managedFields })
  }
}
