import { join } from 'node:path'
import { Namespace } from '../../../src/api/core/namespace/kind.ts'
import { Node } from '../../../src/api/core/node/kind.ts'
import type { core, storage } from '../../../src/api/generated/types/index.ts'
import { CSINode } from '../../../src/api/storage/csi-node/kind.ts'
import { isStatus } from '../../../src/apimachinery/status-error.ts'
import { keepInFlight } from '../../load/keep-in-flight.ts'
import { type Fields, isRecord } from '../fields.ts'
import { type Manifest, readManifest } from '../objects.ts'
import type { OperationReader } from '../operation.ts'
import { inFlight, type Run } from '../run.ts'

/** Upstream's node where a workload gives none. */
const defaultNode: core.v1.Node = {
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { generateName: 'sample-node-' },
  status: {
    capacity: { pods: '110', cpu: '4', memory: '32Gi' },
    phase: 'Running',
    conditions: [{ type: 'Ready', status: 'True' }],
  },
}

/** What is done to each node beside its creation. */
interface Preparation {
  /** Of the `index`th node. */
  labels(index: number): Readonly<Record<string, string>>
  csiNode: ((name: string) => storage.v1.CSINode) | undefined
}

function readLabels(fields: Fields): Preparation['labels'] {
  const round = fields.value('labelNodePrepareStrategy')
  const unique = fields.value('uniqueNodeLabelStrategy')
  if (isRecord(round)) {
    const strategy = fields.at('labelNodePrepareStrategy', round)
    const [key, values] = [strategy.needed('labelKey'), strategy.texts('labelValues')]
    strategy.end()
    return (index) => ({ [key]: values[index % values.length] ?? '' })
  }
  if (isRecord(unique)) {
    const strategy = fields.at('uniqueNodeLabelStrategy', unique)
    const key = strategy.needed('labelKey')
    strategy.end()
    return () => ({ [key]: crypto.randomUUID() })
  }
  return () => ({})
}

/** What a node can hold beside volumes is its template's: the API keeps such a patch away from its status. */
function readCsiNode(fields: Fields): Preparation['csiNode'] {
  const value = fields.value('nodeAllocatableStrategy')
  if (!isRecord(value)) return undefined
  const strategy = fields.at('nodeAllocatableStrategy', value)
  strategy.map('nodeAllocatable')
  const migrated = strategy.texts('migratedPlugins').join(',')
  const drivers = Object.entries(strategy.nested('csiNodeAllocatable'))
  strategy.end()
  return (name) => ({
    metadata: { name, annotations: { 'storage.alpha.kubernetes.io/migrated-plugins': migrated } },
    spec: {
      drivers: drivers.map(([driver, allocatable]) => ({
        name: driver,
        nodeID: name,
        ...(isRecord(allocatable) && typeof allocatable.count === 'number'
          ? { allocatable: { count: allocatable.count } }
          : {}),
      })),
    },
  })
}

/** Five letters and digits, as the server would append them. */
const suffix = (): string => Math.random().toString(36).slice(2, 7).padEnd(5, '0')

/** Names that are taken are tried again with others, as upstream does. */
const maxTries = 5

async function createNode(
  run: Run,
  template: core.v1.Node,
  preparation: Preparation,
  index: number,
): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      return await createOnce(run, template, preparation, index)
    } catch (error) {
      if (tries === maxTries || !isStatus(error, 'AlreadyExists')) throw error
    }
  }
}

async function createOnce(
  { cluster }: Run,
  template: core.v1.Node,
  { labels, csiNode }: Preparation,
  index: number,
): Promise<void> {
  const name = template.metadata?.name ?? `${template.metadata?.generateName ?? ''}${suffix()}`
  const metadata = {
    ...template.metadata,
    name,
    labels: { ...template.metadata?.labels, 'kubernetes.io/hostname': name, ...labels(index) },
  }
  await cluster.client.resource(Node).create({ ...template, metadata })
  if (csiNode !== undefined) await cluster.client.resource(CSINode).create(csiNode(name))
}

export const createNodes: OperationReader = (fields, { folder }) => {
  const count = fields.number('count', 0)
  const path = fields.text('nodeTemplatePath')
  const manifest: Manifest =
    path === undefined ? { file: '', object: () => defaultNode } : readManifest(join(folder, path))
  const preparation = { labels: readLabels(fields), csiNode: readCsiNode(fields) }
  return async (run) => {
    await keepInFlight(count, inFlight, (index) =>
      createNode(run, manifest.object(index, count), preparation, index),
    )
  }
}

export const createNamespaces: OperationReader = (fields, { folder }) => {
  const count = fields.number('count', 0)
  const prefix = fields.needed('prefix')
  const path = fields.text('namespaceTemplatePath')
  const manifest = path === undefined ? undefined : readManifest(join(folder, path))
  return async ({ cluster, awaited }) => {
    await keepInFlight(count, inFlight, async (index) => {
      const name = `${prefix}-${index}`
      const template = manifest?.object(index, count)
      await cluster.client
        .resource(Namespace)
        .create({ ...template, metadata: { ...template?.metadata, name } })
      if (!awaited.has(name)) awaited.set(name, 0)
    })
  }
}
