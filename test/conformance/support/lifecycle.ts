import { expect } from 'vitest'
import type { WatchEvent } from '../../../src/apimachinery/meta.ts'
import type { Api, Json } from './api.ts'
import { eventually, eventuallyGone } from './eventually.ts'
import type { Behave, Ground } from './suite.ts'

/** One resource as upstream's "should support X API operations" tests walk through it. */
export interface Walk {
  /** `v1`, `apps/v1` */
  readonly version: string
  readonly resource: string
  readonly clusterScoped?: true
  /** Without metadata. */
  object(namespace: string): Readonly<Record<string, unknown>>
  /** What `/status` takes, where there is one: a merge patch, and what must then be there. */
  readonly status?: Readonly<Record<string, unknown>>
  /** Where names are not free. */
  readonly names?: readonly string[]
}

const rootOf = (version: string): string => (version === 'v1' ? '/api/v1' : `/apis/${version}`)

async function discovered(api: Api, { version, resource, status }: Walk): Promise<void> {
  const { resources } = await api.get(rootOf(version))
  const names = (Array.isArray(resources) ? resources : []).map(({ name }: { name: string }) => name)
  expect(names).toContain(resource)
  if (status !== undefined) expect(names).toContain(`${resource}/status`)
}

const nameOf = (object: Json): string => object.metadata?.name ?? ''

const has = (events: readonly WatchEvent[], type: string, name: string): boolean =>
  events.some((event) => event.type === type && event.object.metadata?.name === name)

/** Controllers may have conditions of their own beside those that were written. */
function shows(object: Json, status: Readonly<Record<string, unknown>>): void {
  for (const [field, wanted] of Object.entries(status)) {
    const shown = object.status?.[field]
    if (!Array.isArray(wanted)) expect({ [field]: shown }).toMatchObject({ [field]: wanted })
    else for (const each of wanted) expect(shown).toContainEqual(expect.objectContaining(each))
  }
}

async function changed(api: Api, path: string, { status }: Walk): Promise<void> {
  const patched = await api.patch(path, { metadata: { annotations: { patched: 'true' } } })
  expect(patched.metadata?.annotations).toMatchObject({ patched: 'true' })
  const updated = await eventually(async () => {
    const live = await api.get(path)
    const annotations = { ...live.metadata?.annotations, updated: 'true' }
    return api.update(path, { ...live, metadata: { ...live.metadata, annotations } })
  })
  expect(updated.metadata?.annotations).toMatchObject({ patched: 'true', updated: 'true' })
  if (status === undefined) return
  const shown = await api.patch(`${path}/status`, { status })
  shows(shown, status)
  shows(await api.get(`${path}/status`), status)
  const same = await eventually(async () => api.update(`${path}/status`, await api.get(path)))
  shows(same, status)
}

/** create, get, list (also over all namespaces), watch, patch, update, status, delete and deletecollection. */
export const walk =
  (of: Walk): Behave =>
  async ({ api, namespace }: Ground) => {
    await discovered(api, of)
    const root = rootOf(of.version)
    const all = `${root}/${of.resource}`
    const path = of.clusterScoped ? all : `${root}/namespaces/${namespace}/${of.resource}`
    const labels = { walk: namespace }
    const selector = { labelSelector: `walk=${namespace}` }
    const make = (index: number): Promise<Json> => {
      const given = of.names?.[index]
      const name = given === undefined ? { generateName: 'walk-' } : { name: given }
      return api.create(path, { ...of.object(namespace), metadata: { ...name, labels } })
    }
    const made = await Promise.all([0, 1, 2].map(make))
    const [first = '', second = ''] = made.map(nameOf)
    expect((await api.get(`${path}/${first}`)).metadata?.uid).toBe(made[0]?.metadata?.uid)
    expect(await api.list(path, selector)).toHaveLength(3)
    expect(await api.list(all, selector)).toHaveLength(3)

    const { metadata } = await api.get(path, selector)
    const watched = api.watch(
      path,
      { ...selector, resourceVersion: metadata?.resourceVersion ?? '' },
      (events) => has(events, 'MODIFIED', first) && has(events, 'DELETED', second),
    )
    const change = async () => {
      await changed(api, `${path}/${first}`, of)
      await api.delete(`${path}/${second}`)
    }
    await Promise.all([watched, change()])
    await eventuallyGone(() => api.get(`${path}/${second}`))
    await api.delete(path, selector)
    await eventually(async () => expect(await api.list(path, selector)).toEqual([]))
  }
