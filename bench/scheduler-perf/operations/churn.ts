import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { isStatus, StatusError } from '../../../src/apimachinery/status-error.ts'
import { inNamespace, kindOf, type Manifest, readManifest } from '../objects.ts'
import type { OperationReader } from '../operation.ts'
import type { Run } from '../run.ts'

const defaultIntervalMs = 500

/** The name of what was created; undefined where it could not be, as when it is there already. */
async function create({ cluster }: Run, manifest: Manifest, namespace: string): Promise<string | undefined> {
  const object = manifest.object(0, 1)
  const kind = kindOf(object)
  try {
    const created = await cluster.client
      .resource(kind)
      .create(kind.namespaced ? inNamespace(object, namespace) : object)
    return created.metadata?.name
  } catch (error) {
    if (error instanceof StatusError) return undefined
    throw error
  }
}

async function remove({ cluster }: Run, manifest: Manifest, namespace: string, name: string): Promise<void> {
  const kind = kindOf(manifest.object(0, 1))
  try {
    await cluster.client.resource(kind).delete(kind.namespaced ? namespace : '', name)
  } catch (error) {
    if (!isStatus(error, 'NotFound')) throw error
  }
}

/** Objects that come, and in mode `recreate` go again, beside what is measured. */
export const churn: OperationReader = (fields, { folder, index }) => {
  const mode = fields.needed('mode')
  if (mode !== 'create' && mode !== 'recreate') throw fields.error(`there is no mode ${mode}`)
  const number = fields.number('number', 0)
  if (mode === 'recreate' && number === 0) throw fields.error('number must be set to recreate')
  const intervalMs = fields.number('intervalMilliseconds', 0) || defaultIntervalMs
  const namespace = fields.text('namespace') ?? `namespace-${index}`
  const manifests = fields.texts('templatePaths').map((path) => readManifest(join(folder, path)))
  if (manifests.length === 0) throw fields.error('templatePaths must be set')
  const turn = async (run: Run): Promise<void> => {
    const names: (string | undefined)[][] = manifests.map(() => [])
    const last = mode === 'create' && number > 0 ? number : Number.POSITIVE_INFINITY
    for (let count = 0; count < last; count++) {
      await sleep(intervalMs)
      if (run.signal.aborted) return
      for (const [at, manifest] of manifests.entries()) {
        const own = names[at] ?? []
        const place = mode === 'recreate' ? count % number : 0
        const there = mode === 'recreate' ? own[place] : undefined
        if (there !== undefined) await remove(run, manifest, namespace, there)
        own[place] = there === undefined ? await create(run, manifest, namespace) : undefined
      }
    }
  }
  return async (run) => {
    await run.ensureNamespace(namespace)
    run.beside(turn(run))
  }
}
