import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Connection } from '../../load/connection.ts'
import { keepInFlight } from '../../load/keep-in-flight.ts'
import { configMap, namespaceNamed } from '../../load/objects.ts'
import type { Report } from '../../report.ts'
import type { BenchOptions } from '../../scenario.ts'
import { type Server, startServer } from '../../server/start-server.ts'

const namespace = 'everything'
const maps = `/api/v1/namespaces/${namespace}/configmaps`
const sample = 4_000
/** One after the other, so that what the machine does meanwhile falls on both. */
const rounds = 3

const policy = `apiVersion: audit.k8s.io/v1
kind: Policy
rules: [{level: Metadata}]
`
const encryption = `apiVersion: apiserver.config.k8s.io/v1
kind: EncryptionConfiguration
resources:
- resources: [secrets, configmaps]
  providers:
  - aesgcm: {keys: [{name: bench, secret: MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=}]}
`

/** Every request is audited to a file, and what is written is encrypted. */
function flagsIn(folder: string): readonly string[] {
  const file = (name: string, text: string): string => {
    const path = join(folder, name)
    writeFileSync(path, text)
    return path
  }
  return [
    ...['--audit-policy-file', file('policy.yaml', policy)],
    ...['--audit-log-path', join(folder, 'audit.log')],
    ...['--encryption-provider-config', file('encryption.yaml', encryption)],
  ]
}

interface Rates {
  creates: number
  gets: number
}

/** Adds what a server does in a second. */
async function measure(server: Server, flight: number, round: number, rates: Rates): Promise<void> {
  const session = await Connection.open(server.credentials)
  const name = (index: number): string => `map-${round}-${index}`
  const created = await keepInFlight(sample, flight, async (index) => {
    await session.expect({ method: 'POST', path: maps, body: configMap(namespace, name(index)) })
  })
  const got = await keepInFlight(sample, flight, async (index) => {
    await session.expect({ path: `${maps}/${name(index)}` })
  })
  session.close()
  if (round === 0) return // for the caches of code
  rates.creates += created.perSecond / rounds
  rates.gets += got.perSecond / rounds
}

/** What auditing and encryption cost, both servers side by side; flow control is on in both. */
export async function everything({ flight }: BenchOptions, report: Report): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'timonel-bench-'))
  const plain = await startServer()
  const full = await startServer({ flags: flagsIn(folder) })
  const servers = [plain, full].map((server) => ({ server, rates: { creates: 0, gets: 0 } }))
  for (const { server } of servers) {
    const session = await Connection.open(server.credentials)
    await session.expect({ method: 'POST', path: '/api/v1/namespaces', body: namespaceNamed(namespace) })
    session.close()
  }
  for (let round = 0; round <= rounds; round++)
    for (const { server, rates } of servers) await measure(server, flight, round, rates)
  const [without, everythingOn] = servers.map(({ rates }) => rates)
  for (const what of ['creates', 'gets'] as const) {
    const before = without?.[what] ?? 0
    const after = everythingOn?.[what] ?? 0
    report.extra(`${what} with audit and encryption: slower by`, '%', (1 - after / before) * 100, {
      without: before,
      with: after,
    })
  }
  for (const { server } of servers) await server.stop()
  rmSync(folder, { recursive: true, force: true })
}
