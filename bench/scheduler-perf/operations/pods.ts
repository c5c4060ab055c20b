import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { PersistentVolume } from '../../../src/api/core/persistent-volume/kind.ts'
import { PersistentVolumeClaim } from '../../../src/api/core/persistent-volume-claim/kind.ts'
import { Pod } from '../../../src/api/core/pod/kind.ts'
import type { core } from '../../../src/api/generated/types/index.ts'
import { keepInFlight } from '../../load/keep-in-flight.ts'
import type { Fields } from '../fields.ts'
import { inNamespace, type Manifest, readManifest, readPodManifest } from '../objects.ts'
import type { Operation, OperationReader, Place } from '../operation.ts'
import { inFlight, type Run } from '../run.ts'

interface Volumes {
  readonly volume: Manifest
  readonly claim: Manifest
}

/** A createPods operation, for whatever namespace. */
interface PodsToCreate {
  readonly count: number
  readonly manifest: Manifest
  readonly volumes: Volumes | undefined
  readonly collects: boolean
  readonly waits: boolean
  /** Pods are replaced as they get their nodes, for so long. */
  readonly steadyMs: number | undefined
  /** So many, evenly; 0: as many as can be. */
  readonly perSecond: number
}

/** A volume and a claim that belong to each other already, and the pod that uses them. */
async function createWithVolume(
  { cluster: { client } }: Run,
  { manifest, count }: PodsToCreate,
  volumes: Volumes,
  namespace: string,
  index: number,
): Promise<void> {
  const [name, claimName] = [`${namespace}-pv-${index}`, `pvc-${index}`]
  const template: core.v1.PersistentVolume = volumes.volume.object(index, count)
  const { csi } = template.spec ?? {}
  const claimTemplate: core.v1.PersistentVolumeClaim = volumes.claim.object(index, count)
  const claim = await client.resource(PersistentVolumeClaim).create({
    ...claimTemplate,
    metadata: { ...claimTemplate.metadata, namespace, name: claimName },
    spec: { ...claimTemplate.spec, volumeName: name },
  })
  await client.resource(PersistentVolumeClaim).updateStatus({ ...claim, status: { phase: 'Bound' } })
  const volume = await client.resource(PersistentVolume).create({
    ...template,
    metadata: { ...template.metadata, name },
    spec: {
      ...template.spec,
      ...(csi === undefined ? {} : { csi: { ...csi, volumeHandle: name } }),
      claimRef: { kind: 'PersistentVolumeClaim', apiVersion: 'v1', namespace, name: claimName },
    },
  })
  await client.resource(PersistentVolume).updateStatus({ ...volume, status: { phase: 'Bound' } })
  const pod: core.v1.Pod = manifest.object(index, count)
  await client.resource(Pod).create({
    ...pod,
    metadata: { ...pod.metadata, namespace },
    spec: {
      containers: [],
      ...pod.spec,
      volumes: [{ name: 'vol', persistentVolumeClaim: { claimName } }],
    },
  })
}

/** At their own pace, however long the API takes for each; what each waits for its node is measured. */
async function createEvenly(run: Run, pods: PodsToCreate, namespace: string): Promise<void> {
  const { manifest, count, perSecond } = pods
  const resource = run.cluster.client.resource(Pod)
  const startMs = performance.now()
  const creations: Promise<unknown>[] = []
  while (creations.length < count) {
    const due = Math.min(count, Math.ceil(((performance.now() - startMs) * perSecond) / 1_000))
    while (creations.length < due) {
      const pod = inNamespace(manifest.object(creations.length, count), namespace)
      const name = `even-${creations.length}`
      run.collector.sent(namespace, name)
      creations.push(resource.create({ ...pod, metadata: { ...pod.metadata, name } }))
    }
    await sleep(1)
  }
  await Promise.all(creations)
}

async function createAll(run: Run, pods: PodsToCreate, namespace: string): Promise<void> {
  const { volumes, manifest, count, perSecond } = pods
  if (perSecond > 0) await createEvenly(run, pods, namespace)
  else if (volumes === undefined) await run.createPods(manifest, namespace, count)
  else await keepInFlight(count, inFlight, (index) => createWithVolume(run, pods, volumes, namespace, index))
}

/** Creates the pods, and all of them anew as soon as they have nodes, until the time is over. */
async function keepSteady(run: Run, pods: PodsToCreate, namespace: string, forMs: number): Promise<void> {
  let placed = 0
  const leave = run.pods.onPlaced({ namespaces: [namespace], labels: {} }, () => placed++)
  const endMs = performance.now() + forMs
  placed = 0
  try {
    while (performance.now() < endMs) {
      const goal = placed + pods.count
      await createAll(run, pods, namespace)
      while (placed < goal && performance.now() < endMs) await sleep(1)
      if (performance.now() < endMs)
        await run.cluster.client
          .resource(Pod)
          .deleteCollection({ namespace }, { gracePeriodSeconds: 0, propagationPolicy: 'Background' })
    }
  } finally {
    leave()
  }
  if (placed === 0) throw new Error(`no pod of ${namespace} has got a node in ${forMs} ms`)
}

async function createIn(run: Run, pods: PodsToCreate, namespace: string): Promise<void> {
  await run.ensureNamespace(namespace)
  if (pods.collects) await run.collector.start(namespace, { namespaces: [namespace], labels: {} })
  if (pods.steadyMs !== undefined) await keepSteady(run, pods, namespace, pods.steadyMs)
  else {
    await createAll(run, pods, namespace)
    if (pods.waits) await run.pods.untilPlaced(namespace, pods.count)
    else run.awaited.set(namespace, (run.awaited.get(namespace) ?? 0) + pods.count)
  }
  if (pods.collects) await run.collector.stop()
}

function readVolumes(fields: Fields, folder: string): Volumes | undefined {
  const volume = fields.text('persistentVolumeTemplatePath')
  const claim = fields.text('persistentVolumeClaimTemplatePath')
  if (volume === undefined && claim === undefined) return undefined
  if (volume === undefined || claim === undefined)
    throw fields.error('templates of volumes and of claims go together')
  return { volume: readManifest(join(folder, volume)), claim: readManifest(join(folder, claim)) }
}

function readPods(fields: Fields, { folder, podTemplate }: Place): PodsToCreate {
  const path = fields.text('podTemplatePath')
  const file = path === undefined ? podTemplate : join(folder, path)
  const [collects, skips] = [fields.flag('collectMetrics'), fields.flag('skipWaitToCompletion')]
  const steady = fields.flag('steadyState')
  const durationMs = fields.durationMs('duration')
  if (skips && (collects || steady))
    throw fields.error('who collects metrics, or keeps a steady state, waits')
  if (steady && durationMs === 0) throw fields.error('a steady state needs a duration')
  return {
    count: fields.number('count', 0),
    manifest: readPodManifest(file ?? ''),
    volumes: readVolumes(fields, folder),
    collects,
    waits: !skips,
    steadyMs: steady ? durationMs : undefined,
    perSecond: fields.number('podsPerSecond', 0),
  }
}

export const createPods: OperationReader = (fields, place) => {
  const pods = readPods(fields, place)
  const namespace = fields.text('namespace') ?? `namespace-${place.index}`
  return (run) => createIn(run, pods, namespace)
}

export const createPodSets: OperationReader = (fields, place) => {
  const count = fields.number('count', 0)
  const prefix = fields.needed('namespacePrefix')
  const inner = fields.at('createPodsOp', fields.nested('createPodsOp'))
  const pods = readPods(inner, place)
  inner.end()
  return async (run) => {
    for (let index = 0; index < count; index++) await createIn(run, pods, `${prefix}-${index}`)
  }
}

async function deleteOneByOne(
  { cluster: { client }, signal }: Run,
  pods: readonly core.v1.Pod[],
  perSecond: number,
): Promise<void> {
  for (const { metadata } of pods) {
    await sleep(1_000 / perSecond)
    if (signal.aborted) return
    await client.resource(Pod).delete(metadata?.namespace ?? '', metadata?.name ?? '')
  }
}

export const deletePods: OperationReader = (fields) => {
  const namespace = fields.needed('namespace')
  const labels = fields.map('labelSelector')
  const perSecond = fields.number('deletePodsPerSecond', 0)
  const skips = fields.flag('skipWaitToCompletion')
  const labelSelector = Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(',')
  const remove: Operation = (run) =>
    perSecond > 0
      ? deleteOneByOne(run, run.pods.select({ namespaces: [namespace], labels }), perSecond)
      : run.cluster.client.resource(Pod).deleteCollection({ namespace, labelSelector })
  return async (run) => {
    if (skips) run.beside(remove(run))
    else await remove(run)
  }
}
