import { X509Certificate } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { realHost } from '../../base/host/real-host.ts'
import { componentSubjects, ensurePki, type Pki, type PkiOptions } from './ensure-pki.ts'
import { keptCertificates, renewCertificates } from './kept-certificates.ts'

const options: PkiOptions = {
  host: realHost,
  serverNames: ['node-1', 'fd00::1'],
  serviceAddress: '10.96.0.1',
  clusterDomain: 'cluster.local',
}

let directory: string
let before: Pki
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'timonel-certs-'))
  before = await ensurePki(directory, options)
  before.client('admin', componentSubjects.admin)
  before.nodeServing('n', ['10.0.0.1'])
})
afterEach(() => rmSync(directory, { recursive: true }))

it('keptCertificates() tells what is there, authorities first', () => {
  const all = keptCertificates(directory)
  expect(all.map(({ name, signedBy }) => `${name} ${signedBy}`)).toEqual([
    ...['ca undefined', 'front-proxy-ca undefined', 'admin ca', 'apiserver ca'],
    ...['apiserver-kubelet-client ca', 'front-proxy-client front-proxy-ca', 'nodes/n-serving ca'],
  ])
  expect(all[2]?.subject).toBe('CN=kubernetes-admin, O=system:masters')
  expect(() => keptCertificates(join(directory, 'none'))).toThrow('there is no cluster yet')
})

it('renewCertificates() issues what the next start would keep, with other keys and the same authorities', async () => {
  const names = renewCertificates(directory, realHost)
  expect(names).toEqual(
    keptCertificates(directory)
      .filter(({ signedBy }) => signedBy !== undefined)
      .map(({ name }) => name),
  )
  const [first, second] = [await ensurePki(directory, options), await ensurePki(directory, options)]
  expect(first.ca).toEqual(before.ca)
  expect(first.apiServer).not.toEqual(before.apiServer)
  expect(second.apiServer).toEqual(first.apiServer)
  const { certificatePem } = first.apiServer
  expect(new X509Certificate(certificatePem).checkIP('fd00::1')).toBe('fd00::1')
  const admin = new X509Certificate(first.client('admin', componentSubjects.admin).certificatePem)
  expect(admin.subject).toBe('O=system:masters\nCN=kubernetes-admin')
  expect(admin.keyUsage).toEqual(['1.3.6.1.5.5.7.3.2'])
})
