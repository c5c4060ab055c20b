import { expect } from 'vitest'
import type { Json } from './api.ts'
import { eventually } from './eventually.ts'
import { podSpec } from './samples.ts'
import type { Ground } from './suite.ts'

export const nodes = ['node-1', 'node-2']
/** `name` absent: of all of the namespace. */
export const podPath = ({ namespace }: Ground, name = '') => `/api/v1/namespaces/${namespace}/pods/${name}`

/** Retried until the namespace has its service account. */
export const start = (ground: Ground, name: string, spec: object = {}): Promise<Json> =>
  eventually(() => ground.api.create(podPath(ground), { metadata: { name }, spec: { ...podSpec, ...spec } }))

export const scheduled = (ground: Ground, name: string): Promise<unknown> =>
  eventually(async () => {
    const { spec } = await ground.api.get(podPath(ground, name))
    expect(spec?.nodeName).toEqual(expect.any(String))
    return spec?.nodeName
  })

export const hostname = (node: string) => ({ 'kubernetes.io/hostname': node })

export const asking = (milliCpu: number) => ({
  containers: [{ name: 'c', image: 'registry.test/web:1', resources: { requests: { cpu: `${milliCpu}m` } } }],
})
