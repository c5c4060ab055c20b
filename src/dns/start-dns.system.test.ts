import { createSocket, type Socket } from 'node:dgram'
import { connect, createServer, type Server } from 'node:net'
import { type Answer, type DecodedPacket, decode, encode, type Packet, type RecordType } from 'dns-packet'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Namespace } from '../api/core/namespace/kind.ts'
import { Service } from '../api/core/service/kind.ts'
import { EndpointSlice } from '../api/discovery/endpoint-slice/kind.ts'
import type { core, discovery } from '../api/generated/types/index.ts'
import { realHost } from '../base/host/real-host.ts'
import { silentLogger } from '../base/logger.ts'
import { PrometheusMetrics } from '../base/prometheus.ts'
import type { Client } from '../client/client.ts'
import { createClient } from '../client/create-client.ts'
import type { InformerFactory } from '../client/informer.ts'
import { createInformerFactory } from '../client/informer-factory.ts'
import { FakeApi } from '../client/testing/fake-api.ts'
import { ensureDnsService } from './ensure-dns-service.ts'
import { framed, MessageReader } from './exchange.ts'
import { type RunningDns, startDns } from './start-dns.ts'

let client: Client
let informers: InformerFactory
let metrics: PrometheusMetrics
let dns: RunningDns
let upstream: Upstream | undefined

const rcodeOf = (packet: DecodedPacket): number => (packet.flags ?? 0) & 0xf

/** A name server of the world outside, on a free port of loopback, over both protocols. */
class Upstream {
  readonly asked: string[] = []
  readonly #udp: Socket
  readonly #tcp: Server
  readonly port: number

  constructor(udp: Socket, tcp: Server, answer: (name: string) => Packet | undefined) {
    this.#udp = udp
    this.#tcp = tcp
    this.port = udp.address().port
    const reply = (message: Buffer, protocol: string): Buffer | undefined => {
      const query = decode(message)
      const name = query.questions?.[0]?.name ?? ''
      this.asked.push(`${protocol} ${name}`)
      const packet = answer(name)
      if (packet === undefined) return undefined
      return encode({ type: 'response', id: query.id ?? 0, questions: query.questions ?? [], ...packet })
    }
    udp.on('message', (message, client) => {
      const bytes = reply(message, 'udp')
      if (bytes === undefined) return
      const { id = 0, questions = [] } = decode(bytes)
      const cut = encode({ type: 'response', id, flags: 0x0200, questions })
      udp.send(bytes.length > 512 ? cut : bytes, client.port, client.address)
    })
    tcp.on('connection', (socket) => {
      const reader = new MessageReader()
      socket.on('error', () => {})
      socket.on('data', (chunk) => {
        for (const message of reader.push(chunk)) {
          const bytes = reply(message, 'tcp')
          if (bytes !== undefined) socket.write(framed(bytes))
        }
      })
    })
  }

  static async start(answer: (name: string) => Packet | undefined): Promise<Upstream> {
    const udp = createSocket('udp4')
    await new Promise<void>((resolve) => udp.bind(0, '127.0.0.1', resolve))
    const tcp = createServer()
    await new Promise<void>((resolve) => tcp.listen(udp.address().port, '127.0.0.1', resolve))
    return new Upstream(udp, tcp, answer)
  }

  close(): void {
    this.#udp.close()
    this.#tcp.close()
  }
}

async function start(upstreams: readonly string[]): Promise<void> {
  dns = await startDns({
    informers,
    host: realHost,
    logger: silentLogger,
    metrics,
    address: '127.0.0.1',
    port: 0,
    manageAddress: false,
    clusterDnsAddress: '10.96.0.10',
    upstreams,
  })
}

function question(name: string, type: RecordType, edns?: number): Buffer {
  return encode({
    type: 'query',
    id: 99,
    flags: 0x0100,
    questions: [{ name, type }],
    ...(edns === undefined
      ? {}
      : {
          additionals: [
            {
              type: 'OPT',
              name: '.',
              udpPayloadSize: edns,
              extendedRcode: 0,
              ednsVersion: 0,
              flags: 0,
              flag_do: false,
              options: [],
            },
          ],
        }),
  })
}

function overUdp(bytes: Buffer, port: number): Promise<DecodedPacket> {
  return new Promise((resolve) => {
    const socket = createSocket('udp4')
    socket.on('message', (message) => {
      socket.close()
      resolve(decode(message))
    })
    socket.send(bytes, port, '127.0.0.1')
  })
}

const ask = (name: string, type: RecordType = 'A', edns?: number): Promise<DecodedPacket> =>
  overUdp(question(name, type, edns), dns.port)

function askOverTcp(name: string, type: RecordType = 'A'): Promise<DecodedPacket> {
  return new Promise((resolve) => {
    const socket = connect(dns.port, '127.0.0.1', () => socket.write(framed(question(name, type))))
    const reader = new MessageReader()
    socket.on('data', (chunk) => {
      for (const message of reader.push(chunk)) {
        resolve(decode(message))
        socket.destroy()
      }
    })
  })
}

const dataOf = (packet: DecodedPacket): readonly string[] =>
  (packet.answers ?? []).map((answer: Answer) =>
    answer.type === 'OPT' ? '' : `${answer.type} ${String(answer.data)}`,
  )

const a = (name: string, data: string, ttl = 300): Answer => ({ type: 'A', name, data, ttl })

beforeEach(async () => {
  client = createClient(new FakeApi(realHost))
  informers = createInformerFactory({ client, host: realHost, logger: silentLogger })
  metrics = new PrometheusMetrics()
  await client.resource<core.v1.Namespace>(Namespace).create({ metadata: { name: 'default' } })
  await client.resource<core.v1.Namespace>(Namespace).create({ metadata: { name: 'kube-system' } })
  const service = (name: string, spec: core.v1.ServiceSpec): Promise<core.v1.Service> =>
    client.resource<core.v1.Service>(Service).create({ metadata: { namespace: 'default', name }, spec })
  await service('web', { clusterIP: '10.96.0.20', clusterIPs: ['10.96.0.20'], ports: [{ port: 80 }] })
  await service('many', { clusterIP: 'None', clusterIPs: ['None'] })
  await service('outside', { type: 'ExternalName', externalName: 'example.com' })
  await service('inside', { type: 'ExternalName', externalName: 'web.default.svc.cluster.local' })
  await client.resource<discovery.v1.EndpointSlice>(EndpointSlice).create({
    metadata: {
      namespace: 'default',
      name: 'many-1',
      labels: { 'kubernetes.io/service-name': 'many' },
    },
    addressType: 'IPv4',
    ports: [],
    endpoints: Array.from({ length: 60 }, (_, i) => ({ addresses: [`10.244.0.${i + 1}`] })),
  })
})

afterEach(async () => {
  await dns.stop({ cleanUp: false })
  await informers.stop()
  upstream?.close()
  upstream = undefined
})

describe('the cluster’s names', () => {
  beforeEach(async () => {
    await start([])
    await dns.ready
  })

  test('are answered over both protocols', async () => {
    expect(dataOf(await ask('web.default.svc.cluster.local'))).toEqual(['A 10.96.0.20'])
    expect(dataOf(await askOverTcp('web.default.svc.cluster.local'))).toEqual(['A 10.96.0.20'])
    const nothing = await ask('nobody.default.svc.cluster.local')
    expect(rcodeOf(nothing)).toBe(3)
    expect(nothing.authorities?.[0]?.type).toBe('SOA')
  })

  test('follow changes', async () => {
    await ensureDnsService(client, '10.96.0.10')
    await ensureDnsService(client, '10.96.0.10')
    await expect
      .poll(async () => dataOf(await ask('kube-dns.kube-system.svc.cluster.local')))
      .toEqual(['A 10.96.0.10'])
  })

  test('come in another order each time', async () => {
    const first = new Set<string>()
    for (let i = 0; i < 20; i++) {
      first.add(dataOf(await ask('many.default.svc.cluster.local', 'A', 1232))[0] ?? '')
    }
    expect(first.size).toBeGreaterThan(3)
  })

  test('are cut to what a datagram takes, and whole over TCP', async () => {
    const cut = await ask('many.default.svc.cluster.local')
    expect(cut.flag_tc).toBe(true)
    expect(cut.answers?.length).toBeGreaterThan(20)
    const edns = await ask('many.default.svc.cluster.local', 'A', 4096)
    expect(edns.flag_tc).toBe(false)
    expect(edns.answers).toHaveLength(60)
    expect((await askOverTcp('many.default.svc.cluster.local')).answers).toHaveLength(60)
  })

  test('may lead to each other, and without a name server to nothing else', async () => {
    expect(dataOf(await ask('inside.default.svc.cluster.local'))).toEqual([
      'CNAME web.default.svc.cluster.local',
      'A 10.96.0.20',
    ])
    expect(dataOf(await ask('outside.default.svc.cluster.local'))).toEqual(['CNAME example.com'])
    expect(rcodeOf(await ask('example.com'))).toBe(2)
  })

  test('are counted', async () => {
    await ask('web.default.svc.cluster.local')
    expect(metrics.expose()).toMatch(
      /coredns_dns_requests_total\{server="dns:\/\/127\.0\.0\.1:0",zone="cluster\.local\.",proto="udp",family="1",type="A"\} 1/,
    )
  })
})

describe('other names', () => {
  const world = (name: string): Packet | undefined => {
    if (name === 'example.com') return { answers: [a(name, '192.0.2.80')] }
    if (name === 'big.example.com') {
      return { answers: Array.from({ length: 50 }, (_, i) => a(name, `192.0.2.${i}`)) }
    }
    return name.endsWith('.invalid') ? undefined : { flags: 3 }
  }

  beforeEach(async () => {
    upstream = await Upstream.start(world)
    await start([`127.0.0.1:${upstream.port}`])
    await dns.ready
  })

  const askedFor = (name: string): readonly string[] =>
    (upstream?.asked ?? []).filter((each) => each.endsWith(` ${name}`))

  test('are passed on, once for all who ask at the same time, and kept', async () => {
    const answers = await Promise.all([ask('example.com'), ask('Example.COM'), ask('example.com')])
    for (const answer of answers) expect(dataOf(answer)).toEqual(['A 192.0.2.80'])
    expect(answers[1]?.questions?.[0]?.name).toBe('Example.COM')
    expect(dataOf(await ask('example.com'))).toEqual(['A 192.0.2.80'])
    expect(askedFor('example.com')).toHaveLength(1)
    expect(rcodeOf(await ask('nobody.example.com'))).toBe(3)
  })

  test('have long answers over TCP', async () => {
    expect((await ask('big.example.com')).flag_tc).toBe(true)
    expect((await askOverTcp('big.example.com')).answers).toHaveLength(50)
    expect(askedFor('big.example.com')).toEqual(['udp big.example.com', 'tcp big.example.com'])
    expect((await ask('big.example.com')).flag_tc, 'from what is kept').toBe(true)
    expect((await ask('big.example.com', 'A', 1232)).flag_tc, 'another question').toBe(true)
  })

  test('stand behind external names', async () => {
    expect(dataOf(await ask('outside.default.svc.cluster.local'))).toEqual([
      'CNAME example.com',
      'A 192.0.2.80',
    ])
  })
})

describe('a name server', () => {
  test('that does not answer is followed by the next', async () => {
    const silent = await Upstream.start(() => undefined)
    upstream = await Upstream.start((name) => ({ answers: [a(name, '192.0.2.81')] }))
    await start([`127.0.0.1:${silent.port}`, `127.0.0.1:${upstream.port}`])
    expect(dataOf(await ask('example.com'))).toEqual(['A 192.0.2.81'])
    const startMs = performance.now()
    expect(dataOf(await ask('example.org'))).toEqual(['A 192.0.2.81'])
    expect(performance.now() - startMs, 'and stands behind it from then on').toBeLessThan(1_000)
    silent.close()
  })

  test('that cannot be reached is no answer, at once', async () => {
    await start(['255.255.255.255:9'])
    const startMs = performance.now()
    expect(rcodeOf(await ask('example.com'))).toBe(2)
    expect(performance.now() - startMs).toBeLessThan(1_000)
  })

  test('that asks back is left out', async () => {
    const relay = createSocket('udp4')
    const forward = createSocket('udp4')
    await new Promise<void>((resolve) => relay.bind(0, '127.0.0.1', resolve))
    relay.on('message', (message) => forward.send(message, dns.port, '127.0.0.1'))
    await start([`127.0.0.1:${relay.address().port}`])
    await expect.poll(async () => rcodeOf(await ask('example.com'))).toBe(2)
    const startMs = performance.now()
    expect(rcodeOf(await ask('example.org'))).toBe(2)
    expect(performance.now() - startMs).toBeLessThan(1_000)
    relay.close()
    forward.close()
  })
})
