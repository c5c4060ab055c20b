import { X509Certificate } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { realHost } from '../../base/host/real-host.ts'
import { silentLogger } from '../../base/logger.ts'
import { VirtualHost } from '../../base/virtual-host.ts'
import { componentSubjects, ensurePki, type Pki } from './ensure-pki.ts'
import { keepCertificates } from './keep-certificates.ts'
import { keptCertificates, renewCertificates } from './kept-certificates.ts'

const dayMs = 24 * 3_600_000

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'timonel-keep-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

async function makePki(host: VirtualHost): Promise<Pki> {
  const names = { serverNames: ['node-1'], serviceAddress: '10.96.0.1', clusterDomain: 'cluster.local' }
  const pki = await ensurePki(folder, { host, ...names })
  pki.client('admin', componentSubjects.admin)
  pki.nodeClient('node-1')
  pki.nodeServing('node-1', ['127.0.0.1'])
  return pki
}
const leaves = ['apiserver', 'apiserver-kubelet-client', 'front-proxy-client', 'admin']
const all = [...leaves, 'nodes/node-1-client', 'nodes/node-1-serving']
const virtualHost = (): VirtualHost =>
  new VirtualHost({
    seed: 1,
    hop: () => realHost.nextTurn(),
    sha256: (data) => realHost.sha256(data),
    startMs: Date.now(),
  })

it('keepCertificates() lets no certificate of a cluster that runs for more than a year end', async () => {
  const host = virtualHost()
  const pki = await makePki(host)
  const told: string[][] = []
  const stop = keepCertificates({
    host,
    logger: silentLogger,
    pki,
    changed: (names) => told.push([...names]),
  })
  for (let day = 0; day < 560; day += 10) {
    await host.advance(10 * dayMs)
    for (const { name, notAfterMs } of keptCertificates(folder))
      expect([name, notAfterMs - host.now() > 80 * dayMs]).toEqual([name, true])
  }
  stop()
  expect(told).toHaveLength(2)
  for (const names of told) expect(names.toSorted()).toEqual(all.toSorted())
  expect(pki.nodeClient('node-1').certificatePem).toBe(
    readFileSync(join(folder, 'nodes/node-1-client.crt'), 'utf8'),
  )
})

it('keepCertificates() follows those that somebody else has renewed', async () => {
  const host = virtualHost()
  const pki = await makePki(host)
  const told: string[][] = []
  const stop = keepCertificates({
    host,
    logger: silentLogger,
    pki,
    changed: (names) => told.push([...names]),
  })
  renewCertificates(folder, realHost)
  await vi.waitFor(() => expect(told.flat().toSorted()).toEqual(all.toSorted()), 5_000)
  expect(new X509Certificate(pki.nodeClient('node-1').certificatePem).subject).toContain('system:node:node-1')
  expect(pki.renew()).toEqual([])
  stop()
})
