import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { Service } from '../../../src/api/core/service/kind.ts'
import { realHost } from '../../../src/base/host/real-host.ts'
import { silentLogger } from '../../../src/base/logger.ts'
import { PrometheusMetrics } from '../../../src/base/prometheus.ts'
import { createClient } from '../../../src/client/create-client.ts'
import { createInformerFactory } from '../../../src/client/informer-factory.ts'
import { FakeApi } from '../../../src/client/testing/fake-api.ts'
import { startDns } from '../../../src/dns/start-dns.ts'
import type { Report } from '../../report.ts'

const services = 1_000
const forMs = 5_000

/** Asks for Services' names over UDP, some at a time; prints how many were answered, and how long the slow ones took. */
const loadScript = `
const { createSocket } = require('node:dgram')
const [port, services, forMs] = process.argv.slice(1).map(Number)
const times = []
const endMs = performance.now() + forMs
const question = (id) => {
  const labels = ['service-' + (id % services), 'default', 'svc', 'cluster', 'local']
  const name = labels.map((label) => String.fromCharCode(label.length) + label).join('')
  const head = Buffer.from([id >> 8, id & 255, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0])
  return Buffer.concat([head, Buffer.from(name, 'latin1'), Buffer.from([0, 0, 1, 0, 1])])
}
let id = 0
let open = 0
const ask = (socket) => {
  if (performance.now() > endMs) return --open === 0 && end()
  socket.askedMs = performance.now()
  socket.send(question(id = (id + 1) & 65535))
}
const end = () => {
  times.sort((a, b) => a - b)
  console.log(JSON.stringify({ answers: times.length, p99Ms: times[Math.floor(times.length * 0.99)] }))
  process.exit()
}
for (let i = 0; i < 32; i++) {
  const socket = createSocket('udp4')
  open++
  socket.on('message', () => { times.push(performance.now() - socket.askedMs); ask(socket) })
  socket.connect(port, '127.0.0.1', () => ask(socket))
}
`

/** Answers about Services a second, and what they take of one core. */
export async function dnsRate(report: Report): Promise<void> {
  const client = createClient(new FakeApi(realHost))
  const informers = createInformerFactory({ client, host: realHost, logger: silentLogger })
  for (let index = 0; index < services; index++) {
    await client.resource(Service).create({
      metadata: { namespace: 'default', name: `service-${index}` },
      spec: { clusterIP: `10.96.${1 + (index >> 8)}.${index & 255}`, ports: [{ port: 80 }] },
    })
  }
  const dns = await startDns({
    ...{ informers, host: realHost, logger: silentLogger, metrics: new PrometheusMetrics() },
    ...{ address: '127.0.0.1', port: 0, manageAddress: false, upstreams: [] },
  })
  try {
    await dns.ready
    const before = process.cpuUsage()
    const args = ['-e', loadScript, String(dns.port), String(services), String(forMs)]
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
    const [said] = await Promise.all([text(child.stdout), once(child, 'exit')])
    const { user, system } = process.cpuUsage(before)
    const { answers, p99Ms }: { readonly answers: number; readonly p99Ms: number } = JSON.parse(said)
    const details = { answersPerSecond: Math.round((answers / forMs) * 1000), p99Ms: p99Ms.toFixed(2) }
    report.figure('dnsAnswers', answers / ((user + system) / 1e6), details)
  } finally {
    await dns.stop({ cleanUp: true })
    await informers.stop()
  }
}
