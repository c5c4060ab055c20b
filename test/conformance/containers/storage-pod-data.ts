import { expect } from 'vitest'
import type { ContainerGround } from '../support/container-ground.ts'
import type { Table } from '../support/suite.ts'
import { follows, show, shows } from './volumes.ts'

interface Item {
  readonly path: string
  readonly mode?: number
  readonly fieldRef?: object
  readonly resourceFieldRef?: object
}

/** What brings a pod's own data into a volume. */
interface Source {
  /** In names of behaviours. */
  readonly title: string
  volume(items: readonly Item[], defaultMode?: number): object
}

const downward: Source = {
  title: 'Downward API volume',
  volume: (items, defaultMode) => ({
    downwardAPI: { items, ...(defaultMode === undefined ? {} : { defaultMode }) },
  }),
}
const projected: Source = {
  title: 'Projected downwardAPI',
  volume: (items, defaultMode) => ({
    projected: {
      sources: [{ downwardAPI: { items } }],
      ...(defaultMode === undefined ? {} : { defaultMode }),
    },
  }),
}

const name: Item = { path: 'podname', fieldRef: { fieldPath: 'metadata.name' } }
const resources = {
  requests: { cpu: '250m', memory: '32Mi' },
  limits: { cpu: '1250m', memory: '64Mi' },
}

const quantity = (resource: string, divisor: string): Item => ({
  path: 'quantity',
  resourceFieldRef: { containerName: 'main', resource, divisor },
})

/** What the node can give, in the divisor's unit. */
async function allocatable(ground: ContainerGround, resource: 'cpu' | 'memory'): Promise<string> {
  const { spec } = await ground.pod('shows')
  const { status } = await ground.api.get(`/api/v1/nodes/${spec.nodeName}`)
  const text = JSON.parse(JSON.stringify(status?.allocatable))[resource]
  if (resource === 'cpu') return text
  expect(text).toMatch(/^\d+Ki$/)
  return String(Number.parseInt(text, 10) * 1024)
}

function rows(source: Source): Table<ContainerGround> {
  const named = (what: string) => `[sig-storage] ${source.title} ${what} [NodeConformance]`
  const amount = (resource: string, divisor: string, says: string) =>
    shows({
      mounts: { '/pod': source.volume([quantity(resource, divisor)]) },
      container: { resources },
      script: 'cat /pod/quantity',
      says,
    })
  const whole = (resource: 'cpu' | 'memory') =>
    shows({
      mounts: { '/pod': source.volume([quantity(`limits.${resource}`, '1')]) },
      script: 'cat /pod/quantity',
      says: async (said, ground) => expect(said).toBe(await allocatable(ground, resource)),
    })
  const metadata = (field: 'labels' | 'annotations') =>
    follows(
      {
        [field]: { key1: 'value1', key2: 'value2' },
        mounts: { '/pod': source.volume([{ path: field, fieldRef: { fieldPath: `metadata.${field}` } }]) },
      },
      async ({ api, path }, sees) => {
        await sees(`grep key /pod/${field}`, 'key1="value1"\nkey2="value2"\n')
        await api.patch(path('pods/follows'), { metadata: { [field]: { key1: 'other', key3: 'value3' } } })
        await sees(`grep key /pod/${field}`, 'key1="other"\nkey2="value2"\nkey3="value3"\n')
      },
    )
  return {
    [named('should provide podname only')]: shows({
      mounts: { '/pod': source.volume([name]) },
      script: 'cat /pod/podname',
      says: 'shows',
    }),
    [named('should set DefaultMode on files [LinuxOnly]')]: shows({
      mounts: { '/pod': source.volume([name], 0o400) },
      script: show('/pod/podname'),
      says: '-r--------\nshows',
    }),
    [named('should set mode on item file [LinuxOnly]')]: shows({
      mounts: { '/pod': source.volume([{ ...name, mode: 0o400 }]) },
      script: show('/pod/podname'),
      says: '-r--------\nshows',
    }),
    [named('should update labels on modification')]: metadata('labels'),
    [named('should update annotations on modification')]: metadata('annotations'),
    // Divided and rounded up.
    [named("should provide container's cpu limit")]: amount('limits.cpu', '1', '2'),
    [named("should provide container's memory limit")]: amount('limits.memory', '1Mi', '64'),
    [named("should provide container's cpu request")]: amount('requests.cpu', '1m', '250'),
    [named("should provide container's memory request")]: amount('requests.memory', '1', '33554432'),
    [named('should provide node allocatable (cpu) as default cpu limit if the limit is not set')]:
      whole('cpu'),
    [named('should provide node allocatable (memory) as default memory limit if the limit is not set')]:
      whole('memory'),
  }
}

/** Pods' own data as files. */
export const storagePodData: Table<ContainerGround> = { ...rows(downward), ...rows(projected) }
