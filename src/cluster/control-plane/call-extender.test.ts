import { once } from 'node:events'
import { createServer as createPlainServer, type RequestListener, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { afterEach, describe, expect, test } from 'vitest'
import type { core } from '../../api/generated/types/index.ts'
import { silentLogger } from '../../base/logger.ts'
import { schedulingOf } from '../../scheduler/config/scheduling-of.ts'
import { Refusals } from '../../scheduler/cycle/refusals.ts'
import { type Extender, makeExtenders } from '../../scheduler/extender/extender.ts'
import { NodeTable } from '../../scheduler/node-table.ts'
import { makePodInfo } from '../../scheduler/pod-info.ts'
import { createAuthority, generateKey, issueCertificate } from '../pki/certificate.ts'
import { extenderCalls } from './call-extender.ts'

const life = { notBeforeMs: Date.now() - 60_000, notAfterMs: Date.now() + 3_600_000 }
const authority = createAuthority(generateKey(), { subject: { commonName: 'extenders' }, ...life })
const serving = issueCertificate(authority, {
  ...{ subject: { commonName: 'extender' }, usages: ['server'], names: ['extender.test'], ...life },
})
const client = issueCertificate(authority, {
  ...{ subject: { commonName: 'scheduler' }, usages: ['client'], ...life },
})
const base64 = (text: string): string => Buffer.from(text).toString('base64')

const stops: (() => void)[] = []
afterEach(() => {
  for (const stop of stops.splice(0)) stop()
})

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  stops.push(() => {
    server.closeAllConnections()
    server.close()
  })
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

/** Answers by verb; what was asked, and by whom. */
function recording(answers: Readonly<Record<string, unknown>>) {
  const asked: { readonly path: string; readonly body: unknown; readonly peer: string | undefined }[] = []
  const listener: RequestListener = async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const path = request.url ?? ''
    const peer = 'getPeerCertificate' in request.socket ? peerOf(request.socket as TLSSocket) : undefined
    asked.push({ path, body: JSON.parse(Buffer.concat(chunks).toString()), peer })
    const answer = answers[path.split('/').at(-1) ?? '']
    if (answer === undefined) return
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer))
  }
  return { asked, listener }
}

const peerOf = (socket: TLSSocket): string | undefined => socket.getPeerCertificate().subject?.CN?.toString()

function extenderAt(urlPrefix: string, settings: object): Extender {
  const verbs = {
    filterVerb: 'filter',
    prioritizeVerb: 'prioritize',
    preemptVerb: 'preempt',
    bindVerb: 'bind',
  }
  const configuration = { extenders: [{ urlPrefix, weight: 3, ...verbs, ...settings }] }
  const calls = extenderCalls()
  stops.push(() => calls.close())
  const { extenders = [] } = schedulingOf({ configuration })
  const [extender] = makeExtenders({ extenders, callExtender: calls.call, logger: silentLogger })
  if (extender === undefined) throw new Error('no extender')
  return extender
}

const pod: core.v1.Pod = {
  metadata: { name: 'p', namespace: 'd', uid: 'p' },
  spec: { containers: [{ name: 'c' }] },
}

function nodes() {
  const table = new NodeTable()
  for (const name of ['a', 'b']) table.setNode({ metadata: { name } })
  table.addPod('a', makePodInfo({ ...pod, metadata: { name: 'v', namespace: 'd', uid: 'v' } }))
  return table
}

const trusting = {
  enableHTTPS: true,
  tlsConfig: { caData: base64(authority.certificatePem), serverName: 'extender.test' },
}

describe('extenderCalls() over real sockets', () => {
  test('posts every verb over HTTP and reads the answers', async () => {
    const { asked, listener } = recording({
      filter: { NodeNames: ['a'] },
      prioritize: [{ Host: 'a', Score: 2 }],
      preempt: { NodeNameToMetaVictims: { a: { Pods: [{ UID: 'v' }], NumPDBViolations: 1 } } },
      bind: {},
    })
    const port = await listen(createPlainServer(listener))
    const extender = extenderAt(`http://127.0.0.1:${port}/api/`, { nodeCacheCapable: true })
    const table = nodes()
    const [a] = table.nodes
    if (a === undefined) throw new Error('a node')
    expect(await extender.filter(pod, table.nodes, new Refusals())).toEqual([a])
    expect(await extender.prioritize(pod, table.nodes)).toEqual(new Map([['a', 60]]))
    const victims = new Map([[a, { pods: [...a.pods.values()], violations: 0 }]])
    const left = await extender.preempt(pod, victims)
    expect(left.get(a)?.violations).toBe(1)
    expect(await extender.bind(pod, 'a')).toBe(true)
    expect(asked.map(({ path }) => path)).toEqual(
      ['filter', 'prioritize', 'preempt', 'bind'].map((verb) => `/api/${verb}`),
    )
    expect(asked.map(({ body }) => body)).toMatchObject([
      { Pod: { metadata: { name: 'p' } }, NodeNames: ['a', 'b'] },
      { Pod: { metadata: { name: 'p' } }, NodeNames: ['a', 'b'] },
      { NodeNameToMetaVictims: { a: { Pods: [{ UID: 'v' }] } } },
      { PodName: 'p', PodNamespace: 'd', PodUID: 'p', Node: 'a' },
    ])
  })

  test('shows its certificate over TLS, and asks for the server by its name', async () => {
    const { asked, listener } = recording({ bind: {} })
    const server = createTlsServer(
      {
        ...{ cert: serving.certificatePem, key: serving.keyPem, ca: authority.certificatePem },
        ...{ requestCert: true, rejectUnauthorized: true },
      },
      listener,
    )
    const url = `https://127.0.0.1:${await listen(server)}`
    const own = { certData: base64(client.certificatePem), keyData: base64(client.keyPem) }
    const tlsConfig = { ...trusting.tlsConfig, ...own }
    expect(await extenderAt(url, { ...trusting, tlsConfig }).bind(pod, 'a')).toBe(true)
    expect(asked.map(({ peer }) => peer)).toEqual(['scheduler'])
  })

  test('believes no server that its authority has not signed, unless it need not', async () => {
    const { listener } = recording({ bind: {} })
    const server = createTlsServer({ cert: serving.certificatePem, key: serving.keyPem }, listener)
    const url = `https://127.0.0.1:${await listen(server)}`
    const other = createAuthority(generateKey(), { subject: { commonName: 'other' }, ...life })
    const wrong = { caData: base64(other.certificatePem), serverName: 'extender.test' }
    await expect(extenderAt(url, { enableHTTPS: true, tlsConfig: wrong }).bind(pod, 'a')).rejects.toThrow()
    const unnamed = { caData: base64(authority.certificatePem) }
    await expect(extenderAt(url, { enableHTTPS: true, tlsConfig: unnamed }).bind(pod, 'a')).rejects.toThrow()
    expect(await extenderAt(url, trusting).bind(pod, 'a')).toBe(true)
    expect(await extenderAt(url, { enableHTTPS: true }).bind(pod, 'a')).toBe(true)
  })

  test('waits no longer than it may, and goes on without one that may fail', async () => {
    const { listener } = recording({})
    const url = `http://127.0.0.1:${await listen(createPlainServer(listener))}`
    await expect(extenderAt(url, { httpTimeout: '50ms' }).bind(pod, 'a')).rejects.toThrow()
    expect(await extenderAt(url, { httpTimeout: '50ms', ignorable: true }).bind(pod, 'a')).toBe(false)
    const nobody = extenderAt('http://127.0.0.1:1', { ignorable: true })
    expect(await nobody.bind(pod, 'a')).toBe(false)
  })
})
