import { expect } from 'vitest'
import { eventually } from './eventually.ts'
import type { Ground } from './suite.ts'

export const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'

export const openSchema = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true }

export interface Defined {
  /** `foos.test-3.example.com` */
  readonly name: string
  readonly group: string
  readonly plural: string
  readonly kind: string
}

export interface Definition {
  readonly schema?: object
  readonly versions?: readonly object[]
  readonly word?: string
}

export const version = (name: string, schema: object, more: object = {}): object => ({
  name,
  served: true,
  storage: true,
  schema: { openAPIV3Schema: schema },
  ...more,
})

export function definitionOf(
  { namespace }: Ground,
  given: Definition,
): Defined & { readonly object: object } {
  const { schema = openSchema, word = 'foo' } = given
  const group = `${namespace}.example.com`
  const plural = `${word}s`
  const kind = word.charAt(0).toUpperCase() + word.slice(1)
  const name = `${plural}.${group}`
  const object = {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name },
    spec: {
      group,
      scope: 'Namespaced',
      names: { plural, singular: word, kind, listKind: `${kind}List` },
      versions: given.versions ?? [version('v1', schema)],
    },
  }
  return { name, group, plural, kind, object }
}

/** Creates a definition of the behaviour's own and waits until it is established. */
export async function define(ground: Ground, given: Definition = {}): Promise<Defined> {
  const { object, ...defined } = definitionOf(ground, given)
  await ground.api.create(definitions, object)
  await eventually(async () => {
    const { status } = (await ground.api.get(`${definitions}/${defined.name}`)) as {
      readonly status?: {
        readonly conditions?: readonly { readonly type: string; readonly status: string }[]
      }
    }
    expect(status?.conditions).toContainEqual(
      expect.objectContaining({ type: 'Established', status: 'True' }),
    )
  })
  return defined
}

export const instances = ({ group, plural }: Defined, { namespace }: Ground, of = 'v1'): string =>
  `/apis/${group}/${of}/namespaces/${namespace}/${plural}`

export const instance = ({ group, kind }: Defined, name: string, more: object = {}, of = 'v1'): object => ({
  apiVersion: `${group}/${of}`,
  kind,
  metadata: { name },
  ...more,
})
