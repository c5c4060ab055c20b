import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { KubernetesObject } from '../../../src/apimachinery/meta.ts'
import { resourcePath } from '../../../src/client/resource-path.ts'
import { inNamespace, kindOf, readManifest } from '../objects.ts'
import type { OperationReader } from '../operation.ts'
import type { Run } from '../run.ts'

const placed = (object: KubernetesObject, namespace: string | undefined): KubernetesObject => {
  if (kindOf(object).namespaced === (namespace !== undefined))
    return namespace === undefined ? object : inNamespace(object, namespace)
  throw new Error(`${object.kind} and its operation differ in whether there is a namespace`)
}

export const createAny: OperationReader = (fields, { folder }) => {
  const manifest = readManifest(join(folder, fields.needed('templatePath')))
  const count = fields.number('count', 1)
  const namespace = fields.text('namespace')
  return async (run) => {
    if (namespace !== undefined) await run.ensureNamespace(namespace)
    for (let index = 0; index < count; index++) {
      const object = placed(manifest.object(index, count), namespace)
      await run.cluster.client.resource(kindOf(object)).create(object, { fieldValidation: 'Strict' })
    }
  }
}

async function update(
  { cluster: { client } }: Run,
  object: KubernetesObject,
  subresource: string | undefined,
): Promise<void> {
  const kind = kindOf(object)
  const { namespace, name } = object.metadata ?? {}
  for (const part of [subresource, 'status'])
    await client.transport.request({
      method: 'PUT',
      path: resourcePath(kind, namespace, name, part),
      query: { fieldValidation: 'Strict' },
      body: object,
    })
}

export const updateAny: OperationReader = (fields, { folder }) => {
  const manifest = readManifest(join(folder, fields.needed('templatePath')))
  const count = fields.number('count', 1)
  const namespace = fields.text('namespace')
  const perSecond = fields.number('updatePerSecond', 0)
  const subresource = fields.texts('subresources').join('/') || undefined
  return async (run) => {
    if (namespace !== undefined) await run.ensureNamespace(namespace)
    for (let index = 0; index < count; index++) {
      if (perSecond > 0) await sleep(1_000 / perSecond)
      await update(run, placed(manifest.object(index, count), namespace), subresource)
    }
  }
}
