import { performance } from 'node:perf_hooks'
import type { core } from '../../src/api/generated/types/index.ts'
import { keepInFlight } from '../load/keep-in-flight.ts'
import { namespaceNamed } from '../load/objects.ts'
import { Sessions } from '../load/sessions.ts'
import { follow } from '../load/wait-for.ts'
import type { Report } from '../report.ts'
import { type BenchOptions, type Scenario, wants } from '../scenario.ts'
import { measure } from '../server/measure.ts'
import { residentMemory } from '../server/process-figures.ts'
import { type Server, startServer } from '../server/start-server.ts'

const sessionCount = 4
const withinMs = 600_000

const policies = ['Background', 'Foreground', 'Orphan'] as const

interface Cascade {
  readonly server: Server
  readonly sessions: Sessions
  readonly options: BenchOptions
  readonly report: Report
}

/** An owner, and what depends on it. */
async function makeFamily({ sessions, options }: Cascade, collection: string): Promise<void> {
  const make = (index: number, metadata: object): Promise<core.v1.ConfigMap> =>
    sessions.at(index).ask({ method: 'POST', path: collection, body: { metadata, data: { key: 'value' } } })
  const { metadata } = await make(0, { name: 'owner' })
  const owner = { apiVersion: 'v1', kind: 'ConfigMap', name: 'owner', uid: metadata?.uid }
  const ownerReferences = [{ ...owner, blockOwnerDeletion: true }]
  await keepInFlight(options.objects, options.flight, async (index) => {
    await make(index, { name: `dependent-${index}`, ownerReferences })
  })
}

/** Resolves when the owner is gone, and with it, or freed of it, all dependents. */
function ended({ sessions, options }: Cascade, collection: string, orphans: boolean): Promise<true> {
  let owner = true
  let left = options.objects
  return follow<core.v1.ConfigMap, true>(
    sessions.at(1),
    collection,
    ({ type, object: { metadata } }) => {
      const isOwner = metadata?.name === 'owner'
      if (type === 'DELETED' && isOwner) owner = false
      const isFree = orphans && type === 'MODIFIED' && (metadata?.ownerReferences ?? []).length === 0
      if (!isOwner && (isFree || (type === 'DELETED' && !orphans))) left--
      return !owner && left === 0 ? true : undefined
    },
    withinMs,
  ).done
}

async function remove(cascade: Cascade, policy: (typeof policies)[number]): Promise<void> {
  const { server, sessions, options, report } = cascade
  const namespace = `bench-${policy.toLowerCase()}`
  const collection = `/api/v1/namespaces/${namespace}/configmaps`
  const post = { method: 'POST', path: '/api/v1/namespaces', body: namespaceNamed(namespace) } as const
  await sessions.at(0).expect(post)
  await makeFamily(cascade, collection)
  const before = residentMemory(server.pid).withoutStoreMiB
  let seconds = 0
  const measured = await measure(server, `cascade ${policy}`, options, async () => {
    const waiting = ended(cascade, collection, policy === 'Orphan')
    const startMs = performance.now()
    const body = { kind: 'DeleteOptions', apiVersion: 'v1', propagationPolicy: policy }
    await sessions.at(0).expect({ method: 'DELETE', path: `${collection}/owner`, body })
    await waiting
    seconds = (performance.now() - startMs) / 1_000
  })
  const name = `${policy}: dependents of one owner, of ${options.objects.toLocaleString('en')}`
  report.extra(name, '/s', options.objects / seconds, {
    seconds: seconds.toFixed(1),
    processorMs: ((measured.processorSeconds / options.objects) * 1_000).toFixed(2),
    loopP99Ms: measured.loopP99Ms.toFixed(1),
    memoryBeforeMiB: before.toFixed(0),
    memoryAfterMiB: residentMemory(server.pid).withoutStoreMiB.toFixed(0),
  })
}

/** What the garbage collector does when an owner of many goes. */
export const cascade: Scenario = {
  name: 'cascade',
  parts: policies.map((policy) => policy.toLowerCase()),
  async run(options: BenchOptions, report: Report): Promise<void> {
    for (const policy of policies) {
      if (!wants(options, policy.toLowerCase())) continue
      const server = await startServer({ probe: true })
      const sessions = await Sessions.open(server.credentials, sessionCount)
      await remove({ server, sessions, options, report }, policy)
      sessions.close()
      await server.stop()
    }
  },
}
