import { decode, encode, type Packet } from 'dns-packet'
import { expect } from 'vitest'
import type { ContainerGround } from '../support/container-ground.ts'
import type { Behave, Table } from '../support/suite.ts'
import { asker, askHttp, namedServer, who } from './net-servers.ts'

type RecordType = 'A' | 'CNAME' | 'SRV' | 'PTR'

interface Answer {
  readonly type: string
  readonly data: unknown
}

const dnsAddress = '10.96.0.10'
const domain = 'cluster.local'

/** The records of a name as a pod gets them over TCP, sorted. */
async function overTcp(ground: ContainerGround, name: string, type: RecordType): Promise<readonly Answer[]> {
  const query = encode({ type: 'query', id: 1, flags: 256, questions: [{ name, type }] })
  const octal = [query.length >> 8, query.length & 255, ...query].map((byte) => `\\${byte.toString(8)}`)
  const script = `(printf '${octal.join('')}'; sleep 1) | nc ${dnsAddress} 53 | od -An -v -tx1`
  const bytes = Buffer.from((await ground.shell('asker', script)).replaceAll(/\s/g, ''), 'hex')
  const packet: Packet = decode(bytes.subarray(2))
  return (packet.answers ?? [])
    .map((answer) => ({ type: answer.type, data: 'data' in answer ? answer.data : undefined }))
    .toSorted((a, b) => JSON.stringify(a).localeCompare(JSON.stringify(b)))
}

/** What the pod's own resolver says over UDP. */
const overUdp = (ground: ContainerGround, name: string, type: RecordType): Promise<string> =>
  ground.shell('asker', `nslookup -type=${type.toLowerCase()} ${name}`)

const resolves = (
  ground: ContainerGround,
  name: string,
  type: RecordType,
  expected: readonly unknown[],
  said: readonly string[],
) =>
  ground.eventually(async () => {
    const answers = await overTcp(ground, name, type)
    expect(answers.filter((answer) => answer.type === type).map(({ data }) => data)).toEqual(expected)
    const text = await overUdp(ground, name, type)
    for (const word of said) expect(text).toContain(word)
  })

const addresses = (ground: ContainerGround, name: string, expected: readonly string[]) =>
  resolves(ground, name, 'A', expected.toSorted(), expected)

const labels = { app: 'dns' }
const headless = { clusterIP: 'None', selector: labels, ports: [{ name: 'http', port: 8080 }] }
const regular = { selector: labels, ports: [{ name: 'http', port: 80, targetPort: 8080 }] }

async function start(ground: ContainerGround, spec: object = {}): Promise<void> {
  await Promise.all([ground.start(asker('asker', spec)), ground.start(namedServer('server', { labels }))])
  await Promise.all([ground.ready('asker'), ground.ready('server')])
}

const serve = (ground: ContainerGround, name: string, spec: object) =>
  ground.create('services', { metadata: { name }, spec })

const clusterNames: Behave<ContainerGround> = async (ground) => {
  await ground.start(asker('asker'))
  await ground.ready('asker')
  const { spec } = await ground.api.get('/api/v1/namespaces/default/services/kubernetes')
  await addresses(ground, `kubernetes.default.svc.${domain}`, [String(spec?.clusterIP)])
}

const serviceNames: Behave<ContainerGround> = async (ground) => {
  await serve(ground, 'headless', headless)
  const { spec } = await serve(ground, 'regular', regular)
  await start(ground)
  const { podIP } = (await ground.pod('server')).status
  const clusterIp = String(spec?.clusterIP)
  const zone = `${ground.namespace}.svc.${domain}`
  await addresses(ground, `headless.${zone}`, [podIP])
  await addresses(ground, `regular.${zone}`, [clusterIp])
  const at = (port: number, target: string) => [expect.objectContaining({ port, target })]
  const podName = `${podIP.replaceAll('.', '-')}.headless.${zone}`
  await resolves(ground, `_http._tcp.headless.${zone}`, 'SRV', at(8080, podName), [`8080 ${podName}`])
  const service = `regular.${zone}`
  await resolves(ground, `_http._tcp.regular.${zone}`, 'SRV', at(80, service), [`80 ${service}`])
  const reverse = `${clusterIp.split('.').reverse().join('.')}.in-addr.arpa`
  await resolves(ground, reverse, 'PTR', [service], [service])
}

/** Names that the resolver completes, in the words of whoever connects. */
const partialNames: Behave<ContainerGround> = async (ground) => {
  await serve(ground, 'headless', headless)
  await serve(ground, 'regular', regular)
  await start(ground)
  for (const [service, port] of [
    ['headless', 8080],
    ['regular', 80],
  ]) {
    for (const name of [service, `${service}.${ground.namespace}`, `${service}.${ground.namespace}.svc`])
      await ground.eventually(async () =>
        expect(await askHttp(ground, 'asker', `${name}:${port}${who}`)).toBe('server'),
      )
  }
  // With SRV records it is the search list that completes them.
  const { stdout } = await ground.exec('asker', ['cat', '/etc/resolv.conf'])
  expect(stdout).toContain(`search ${ground.namespace}.svc.${domain} svc.${domain} ${domain}`)
  for (const service of ['headless', 'regular'])
    expect(await overUdp(ground, `_http._tcp.${service}.${ground.namespace}.svc.${domain}`, 'SRV')).toContain(
      `${service}.${ground.namespace}.svc.${domain}`,
    )
}

const subdomain = { hostname: 'querier', subdomain: 'headless' }

/** A pod with a name of its own below a headless Service. */
async function startNamed(ground: ContainerGround): Promise<{ readonly ip: string; readonly zone: string }> {
  await serve(ground, 'headless', headless)
  const pod = asker('asker', subdomain)
  await ground.start({ ...pod, metadata: { ...pod.metadata, labels } })
  const { status } = await ground.ready('asker')
  return { ip: status.podIP, zone: `headless.${ground.namespace}.svc.${domain}` }
}

const hostsFile = async (ground: ContainerGround): Promise<void> => {
  const { ip, zone } = await startNamed(ground)
  expect(await ground.shell('asker', `grep ${ip} /etc/hosts`)).toBe(`${ip}\tquerier.${zone}\tquerier\n`)
  expect(await ground.shell('asker', 'hostname')).toBe('querier\n')
}

const podNames: Behave<ContainerGround> = async (ground) => {
  const { ip, zone } = await startNamed(ground)
  await addresses(ground, `querier.${zone}`, [ip])
  await addresses(ground, zone, [ip])
}

const externalNames: Behave<ContainerGround> = async (ground) => {
  await ground.start(asker('asker'))
  await ground.ready('asker')
  await serve(ground, 'external', { type: 'ExternalName', externalName: 'foo.example.com' })
  const name = `external.${ground.namespace}.svc.${domain}`
  const isCalled = (target: string) =>
    ground.eventually(async () =>
      expect(await overTcp(ground, name, 'CNAME')).toEqual([{ type: 'CNAME', data: target }]),
    )
  await isCalled('foo.example.com')
  await ground.api.patch(ground.path('services/external'), { spec: { externalName: 'bar.example.com' } })
  await isCalled('bar.example.com')
  const { spec } = await ground.api.patch(ground.path('services/external'), {
    spec: { type: 'ClusterIP', externalName: null, ports: [{ name: 'http', port: 80 }] },
  })
  await addresses(ground, name, [String(spec?.clusterIP)])
}

const ownServers: Behave<ContainerGround> = async (ground) => {
  const dnsConfig = { nameservers: ['1.1.1.1'], searches: ['resolv.conf.local'] }
  await ground.start(asker('asker', { dnsPolicy: 'None', dnsConfig }))
  await ground.ready('asker')
  const lines = (await ground.shell('asker', 'cat /etc/resolv.conf')).trim().split('\n').toSorted()
  expect(lines).toEqual(['nameserver 1.1.1.1', 'search resolv.conf.local'])
}

const dns = (what: string) => `[sig-network] DNS should ${what}`

/** Names of Services and pods. */
export const networkDns: Table<ContainerGround> = {
  [dns('provide DNS for the cluster')]: clusterNames,
  [dns('provide DNS for services')]: serviceNames,
  [dns('resolve DNS of partial qualified names for services [LinuxOnly]')]: partialNames,
  [dns('provide /etc/hosts entries for the cluster')]: hostsFile,
  [dns('provide DNS for pods for Hostname')]: async (ground) => {
    await hostsFile(ground)
    await addresses(ground, `querier.headless.${ground.namespace}.svc.${domain}`, [
      (await ground.pod('asker')).status.podIP,
    ])
  },
  [dns('provide DNS for pods for Subdomain')]: podNames,
  [dns('provide DNS for ExternalName services')]: externalNames,
  [dns('support configurable pod DNS nameservers')]: ownServers,
}
