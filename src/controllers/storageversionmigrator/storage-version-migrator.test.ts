import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Definition } from '../../api/apiextensions/custom-resource-definition/definition-state.ts'
import { CustomResourceDefinition } from '../../api/apiextensions/custom-resource-definition/kind.ts'
import { StorageVersionMigration } from '../../api/storagemigration/storage-version-migration/kind.ts'
import { servedKinds } from '../../apiserver/custom-resources/custom-kind.ts'
import {
  type CustomServer,
  noxu,
  noxuDefinition,
  noxusPath,
  startCustomServer,
} from '../../apiserver/custom-resources/testing/custom-server.ts'
import { testKinds } from '../../apiserver/testing/test-kinds.ts'
import { realHost } from '../../base/host/real-host.ts'
import { silentLogger } from '../../base/logger.ts'
import { PrometheusMetrics } from '../../base/prometheus.ts'
import { createClient } from '../../client/create-client.ts'
import { EventRecorder } from '../../client/event-recorder.ts'
import { createInformerFactory } from '../../client/informer-factory.ts'
import type { KindSource } from '../../reconcile/kind-source.ts'
import { startController } from '../../reconcile/start-controller.ts'
import { isOver, type Migration } from './plan-migration.ts'
import { storageVersionMigrator } from './storage-version-migrator.ts'

const host = realHost
const name = 'noxus.mygroup.example.com'
const versions = (stored: string) =>
  ['v1', 'v2'].map((version) => ({
    name: version,
    served: true,
    storage: version === stored,
    schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
  }))

let server: CustomServer
let stops: (() => Promise<void>)[]

// Only a test may look across: here the migrator meets the real API server and what it stores.
beforeEach(async () => {
  server = await startCustomServer({ kinds: [...testKinds, StorageVersionMigration] })
  await server.define(noxuDefinition({}, {}, { versions: versions('v1') }))
  const client = createClient(server.transport)
  const informers = createInformerFactory({ client, host, logger: silentLogger })
  const events = new EventRecorder({ client, host, logger: silentLogger, component: 'test' })
  const served = async () => servedKinds(await client.resource(CustomResourceDefinition).get('', name))
  let known = await served()
  const kinds: KindSource = {
    list: () => known,
    onChange: () => () => {},
    refresh: async () => {
      known = await served()
      return new Map()
    },
  }
  const metrics = new PrometheusMetrics()
  const running = startController(storageVersionMigrator(kinds), {
    ...{ client, informers, events, host, metrics, logger: silentLogger },
  })
  stops = [() => running.stop(), () => events.stop(), () => informers.stop(), () => server.stop()]
})
afterEach(async () => {
  for (const stop of stops) await stop()
})

const storedVersion = async (object: string): Promise<string> => {
  const entry = await server.storage.get(`/registry/mygroup.example.com/noxus/default/${object}`)
  return JSON.parse(new TextDecoder().decode(entry?.value)).apiVersion
}

const migrations = createMigrations()
function createMigrations() {
  const path = '/apis/storagemigration.k8s.io/v1beta1/storageversionmigrations'
  return {
    create: (migration: string, resource: string) =>
      server.call('POST', path, {
        metadata: { name: migration },
        spec: { resource: { group: 'mygroup.example.com', resource } },
      }),
    /** When it is over and its turn has ended. */
    end: async (migration: string): Promise<Migration> => {
      for (;;) {
        const found: Migration = await server.get(`${path}/${migration}`)
        const running = found.status?.conditions?.find(({ type }) => type === 'Running')
        if (isOver(found) && running?.status === 'False') return found
        await realHost.nextTurn()
      }
    },
  }
}

const briefly = ({ status }: Migration): readonly string[] =>
  (status?.conditions ?? []).map((condition) => `${condition.type}=${condition.status} ${condition.reason}`)

const definition = async (): Promise<Definition> => {
  const found: unknown = await server.get(`/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${name}`)
  return found as Definition
}

test('storageVersionMigrator() stores objects in the new version, and then only that one is stored', async () => {
  for (const object of ['a', 'b']) await server.call('POST', noxusPath, noxu(object))
  await server.call(
    'PATCH',
    `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${name}`,
    { spec: { versions: versions('v2') } },
    { 'content-type': 'application/merge-patch+json' },
  )
  const before = await server.get(`${noxusPath}/a`)
  expect((await definition()).status?.storedVersions).toEqual(['v1', 'v2'])
  expect(await storedVersion('a')).toBe('mygroup.example.com/v1')
  await migrations.create('m', 'noxus')
  expect(briefly(await migrations.end('m'))).toEqual([
    'Running=False MigrationCompleted',
    'Succeeded=True StorageVersionMigrationSucceeded',
  ])
  for (const object of ['a', 'b']) expect(await storedVersion(object)).toBe('mygroup.example.com/v2')
  const { status } = await definition()
  expect(status?.storedVersions).toEqual(['v2'])
  expect(status?.conditions?.find(({ type }) => type === 'StorageMigrating')).toMatchObject({
    status: 'False',
    reason: 'MigrationSucceeded',
    message: 'The migration has succeeded and the stored versions have been updated',
  })
  const after = await server.get(`${noxusPath}/a`)
  const { metadata } = before as { metadata: object }
  expect(after).toEqual({ ...before, metadata: { ...metadata, resourceVersion: expect.any(String) } })
  expect(after).not.toEqual(before)
})

test('storageVersionMigrator() leaves what is stored as it would be written today, and lets in one at a time', async () => {
  await server.call('POST', noxusPath, noxu('a'))
  const before = await server.get(`${noxusPath}/a`)
  await Promise.all(['m', 'n'].map((migration) => migrations.create(migration, 'noxus')))
  for (const migration of ['m', 'n'])
    expect(briefly(await migrations.end(migration))).toContain(
      'Succeeded=True StorageVersionMigrationSucceeded',
    )
  expect(await server.get(`${noxusPath}/a`)).toEqual(before)
})
