import { expect } from 'vitest'
import type { Json } from '../support/api.ts'
import type { ContainerGround } from '../support/container-ground.ts'
import type { Behave, Table } from '../support/suite.ts'
import { asker, askHttp, askUdp, namedServer, talkingServer, who } from './net-servers.ts'

interface ServicePort {
  readonly name?: string
  readonly port: number
  readonly nodePort?: number
  readonly protocol?: string
  readonly targetPort?: number | string
}

const labels = { app: 'backend' }
const backends = ['one', 'two', 'three']

const serve = (ground: ContainerGround, name: string, spec: object = {}): Promise<Json> =>
  ground.create('services', {
    metadata: { name },
    spec: { selector: labels, ports: [{ port: 80, targetPort: 8080 }], ...spec },
  })

const portsOf = ({ spec }: Json): readonly ServicePort[] => JSON.parse(JSON.stringify(spec?.ports))

const sliceList = ({ path }: ContainerGround) => path('endpointslices', 'discovery.k8s.io/v1')

interface Slice {
  readonly ports: readonly ServicePort[] | null
  readonly endpoints: readonly { readonly addresses: readonly string[]; readonly conditions: object }[] | null
}

/** Each port's ready addresses, by `name:port`. */
async function endpointsOf(
  ground: ContainerGround,
  service: string,
): Promise<Readonly<Record<string, readonly string[]>>> {
  const labelSelector = `kubernetes.io/service-name=${service}`
  const slices: readonly Slice[] = JSON.parse(
    JSON.stringify(await ground.api.list(sliceList(ground), { labelSelector })),
  )
  const found = new Map<string, readonly string[]>()
  for (const { ports, endpoints } of slices) {
    for (const { name, port } of ports ?? []) {
      const addresses = (endpoints ?? []).flatMap((endpoint) => endpoint.addresses)
      const key = `${name}:${port}`
      if (addresses.length > 0) found.set(key, [...(found.get(key) ?? []), ...addresses].toSorted())
    }
  }
  return Object.fromEntries(found)
}

/** Every backend answers there sooner or later. */
const reaches = (ground: ContainerGround, from: string, address: string, names: readonly string[]) => {
  const heard = new Set<string>()
  return ground.eventually(async () => {
    const name = await askHttp(ground, from, address)
    // Rules follow what the API shows a moment later: who has just gone may answer once more.
    if (!names.includes(name)) heard.clear()
    expect(names).toContain(name)
    heard.add(name)
    expect([...heard].toSorted()).toEqual(names.toSorted())
  })
}

const refused = (ask: () => Promise<string>, ground: ContainerGround) =>
  ground.eventually(async () => {
    const answer = await ask().catch(() => undefined)
    expect(answer).toBeUndefined()
  })

async function startBackends(ground: ContainerGround, names: readonly string[]): Promise<void> {
  // Spread, so that some are on another node than the asker.
  const pods = names.map((name, index) =>
    namedServer(name, { labels, spec: { nodeName: ground.nodes[index % ground.nodes.length] } }),
  )
  await Promise.all([...pods, asker('asker')].map((pod) => ground.start(pod)))
  await Promise.all([...names, 'asker'].map((name) => ground.ready(name)))
}

const basic: Behave<ContainerGround> = async (ground) => {
  const service = await serve(ground, 'basic')
  const address = `${service.spec?.clusterIP}${who}`
  await startBackends(ground, ['one', 'two'])
  const ips = await Promise.all(['one', 'two'].map(async (name) => (await ground.pod(name)).status.podIP))
  const follow = async (left: readonly string[]) => {
    await ground.eventually(async () => {
      const expected = left.map((name) => ips[['one', 'two'].indexOf(name)]).toSorted()
      expect(await endpointsOf(ground, 'basic')).toEqual(expected.length === 0 ? {} : { ':8080': expected })
    })
    if (left.length > 0) await reaches(ground, 'asker', address, left)
    else await refused(() => askHttp(ground, 'asker', address), ground)
  }
  await follow(['one', 'two'])
  await ground.api.delete(ground.path('pods/one'))
  await follow(['two'])
  await ground.api.delete(ground.path('pods/two'))
  await follow([])
}

const multiport: Behave<ContainerGround> = async (ground) => {
  const ports = [
    { name: 'portname1', port: 80, targetPort: 'p1' },
    { name: 'portname2', port: 81, targetPort: 'p2' },
  ]
  const service = await serve(ground, 'multiport', { ports })
  const address = service.spec?.clusterIP
  const server = (name: string, port: string, containerPort: number) => {
    const pod = namedServer(name, { labels })
    const containers = pod.spec.containers.map((each) => ({
      ...each,
      ports: [{ name: port, containerPort }],
      readinessProbe: undefined,
      command: each.command.map((word) => word.replace('-p 8080', `-p ${containerPort}`)),
    }))
    return { ...pod, spec: { ...pod.spec, containers } }
  }
  await Promise.all(
    [server('pod1', 'p1', 100), server('pod2', 'p2', 101), asker('asker')].map((pod) => ground.start(pod)),
  )
  const [one, two] = await Promise.all(['pod1', 'pod2', 'asker'].map((name) => ground.ready(name)))
  await ground.eventually(async () =>
    expect(await endpointsOf(ground, 'multiport')).toEqual({
      'portname1:100': [one?.status.podIP],
      'portname2:101': [two?.status.podIP],
    }),
  )
  await reaches(ground, 'asker', `${address}:80${who}`, ['pod1'])
  await reaches(ground, 'asker', `${address}:81${who}`, ['pod2'])
  await ground.api.delete(ground.path('pods/pod1'))
  await ground.eventually(async () =>
    expect(await endpointsOf(ground, 'multiport')).toEqual({ 'portname2:101': [two?.status.podIP] }),
  )
}

/** TCP and UDP on one port; then only the one, then only the other. */
const protocols: Behave<ContainerGround> = async (ground) => {
  const tcp = { name: 'tcp', port: 80, targetPort: 8080, protocol: 'TCP' }
  const udp = { name: 'udp', port: 80, targetPort: 8080, protocol: 'UDP' }
  const service = await serve(ground, 'protocols', { ports: [tcp, udp] })
  const address = String(service.spec?.clusterIP)
  await ground.start(talkingServer('server', { http: { 8080: 'tcp' }, udp: { 8080: 'udp' } }, { labels }))
  await ground.start(talkingServer('client', {}))
  await Promise.all(['server', 'client'].map((name) => ground.ready(name)))
  const byTcp = () => {
    const script = `fetch('http://${address}:80', { signal: AbortSignal.timeout(2000) })
      .then(async (answer) => process.stdout.write(await answer.text()), () => process.exit(1))`
    return ground
      .exec('client', ['/bin/chroot', '/host', process.execPath, '-e', script])
      .then(({ stdout, status }) => {
        if (status.status !== 'Success') throw new Error(JSON.stringify(status))
        return stdout
      })
  }
  const byUdp = () => askUdp(ground, 'client', address, 80)
  const answers = (ask: () => Promise<string>, expected: string) =>
    ground.eventually(async () => expect(await ask()).toBe(expected))
  const only = async (port: object) => {
    const live = await ground.api.get(ground.path('services/protocols'))
    await ground.api.update(ground.path('services/protocols'), {
      ...live,
      spec: { ...live.spec, ports: [port] },
    })
  }
  await answers(byTcp, 'tcp')
  await answers(byUdp, 'udp')
  await only(tcp)
  await refused(byUdp, ground)
  await answers(byTcp, 'tcp')
  await only(udp)
  await refused(byTcp, ground)
  await answers(byUdp, 'udp')
}

const nodeAddresses = async (ground: ContainerGround): Promise<readonly string[]> =>
  Promise.all(
    ground.nodes.map(async (name) => {
      const { status } = await ground.api.get(`/api/v1/nodes/${name}`)
      const addresses: readonly { type: string; address: string }[] = JSON.parse(
        JSON.stringify(status?.addresses),
      )
      return addresses.find(({ type }) => type === 'InternalIP')?.address ?? ''
    }),
  )

/** Where a Service is reached: its address, or a node's port for each node. */
const places = async (ground: ContainerGround, service: Json): Promise<readonly string[]> => {
  const [port] = portsOf(service)
  if (service.spec?.type !== 'NodePort') return [`${service.spec?.clusterIP}:80`]
  expect(port?.nodePort).toBeGreaterThanOrEqual(30_000)
  return (await nodeAddresses(ground)).map((address) => `${address}:${port?.nodePort}`)
}

const nodePort: Behave<ContainerGround> = async (ground) => {
  const service = await serve(ground, 'node-port', { type: 'NodePort' })
  await startBackends(ground, ['one', 'two'])
  for (const place of [...(await places(ground, service)), String(service.spec?.clusterIP), 'node-port'])
    await reaches(ground, 'asker', `${place}${who}`, ['one', 'two'])
}

const sameAnswers = async (ground: ContainerGround, place: string): Promise<ReadonlySet<string>> => {
  const script = `for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do timeout 2 wget -qO- http://${place}${who}; done`
  return new Set((await ground.shell('asker', script)).trim().split('\n'))
}

const sticks = (ground: ContainerGround, place: string) =>
  ground.eventually(async () => expect((await sameAnswers(ground, place)).size).toBe(1))

const spreads = (ground: ContainerGround, place: string) =>
  ground.eventually(async () => expect((await sameAnswers(ground, place)).size).toBeGreaterThan(1))

const affinity =
  (type: 'ClusterIP' | 'NodePort', switching: boolean): Behave<ContainerGround> =>
  async (ground) => {
    const sessionAffinity = switching ? 'None' : 'ClientIP'
    const service = await serve(ground, 'affinity', { type, sessionAffinity })
    await startBackends(ground, backends)
    for (const place of await places(ground, service)) {
      const set = (to: string) =>
        ground.api.patch(ground.path('services/affinity'), { spec: { sessionAffinity: to } })
      if (switching) {
        await set('None')
        await reaches(ground, 'asker', `${place}${who}`, backends)
        await spreads(ground, place)
        await set('ClientIP')
      }
      await sticks(ground, place)
      if (switching) {
        await set('None')
        await spreads(ground, place)
      }
    }
  }

/** A Service without a selector, whose slices somebody else writes. */
const ownSlices = async (
  ground: ContainerGround,
  slices: readonly object[],
  ports: readonly object[],
): Promise<string> => {
  const service = await serve(ground, 'custom', { selector: null, ports })
  for (const [index, slice] of slices.entries()) {
    await ground.api.create(sliceList(ground), {
      metadata: { name: `custom-${index}`, labels: { 'kubernetes.io/service-name': 'custom' } },
      addressType: 'IPv4',
      ...slice,
    })
  }
  return String(service.spec?.clusterIP)
}

const manySlices =
  (ports: boolean): Behave<ContainerGround> =>
  async (ground) => {
    await startBackends(ground, ['one', 'two'])
    const [one, two] = await Promise.all(
      ['one', 'two'].map(async (name) => (await ground.pod(name)).status.podIP),
    )
    const slice = (address: string | undefined, name: string) => ({
      endpoints: [{ addresses: [address] }],
      ports: [{ name, port: 8080, protocol: 'TCP' }],
    })
    if (ports) {
      const servicePorts = [
        { name: 'one', port: 81 },
        { name: 'two', port: 82 },
      ]
      const address = await ownSlices(ground, [slice(one, 'one'), slice(two, 'two')], servicePorts)
      await reaches(ground, 'asker', `${address}:81${who}`, ['one'])
      await reaches(ground, 'asker', `${address}:82${who}`, ['two'])
      return
    }
    const address = await ownSlices(ground, [slice(one, 'x'), slice(two, 'x')], [{ name: 'x', port: 80 }])
    await reaches(ground, 'asker', `${address}${who}`, ['one', 'two'])
  }

const services = (what: string) => `[sig-network] Services should ${what}`

/** Ways to a Service's pods. */
export const networkServices: Table<ContainerGround> = {
  [services('serve a basic endpoint from pods')]: basic,
  [services('serve multiport endpoints from pods')]: multiport,
  [services('serve endpoints on same port and different protocols')]: protocols,
  [services('be able to create a functioning NodePort service')]: nodePort,
  [services('have session affinity work for service with type clusterIP [LinuxOnly]')]: affinity(
    'ClusterIP',
    false,
  ),
  [services('have session affinity work for NodePort service [LinuxOnly]')]: affinity('NodePort', false),
  [services('be able to switch session affinity for service with type clusterIP [LinuxOnly]')]: affinity(
    'ClusterIP',
    true,
  ),
  [services('be able to switch session affinity for NodePort service [LinuxOnly]')]: affinity(
    'NodePort',
    true,
  ),
  '[sig-network] EndpointSlice should support a Service with multiple ports specified in multiple EndpointSlices':
    manySlices(true),
  '[sig-network] EndpointSlice should support a Service with multiple endpoint IPs specified in multiple EndpointSlices':
    manySlices(false),
}
