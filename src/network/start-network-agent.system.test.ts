import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Node } from '../api/core/node/kind.ts'
import type { core } from '../api/generated/types/index.ts'
import { realHost } from '../base/host/real-host.ts'
import { ProgramError, type RunProgram, runProgram } from '../base/host/run-program.ts'
import { labMissing, NetworkLab } from '../base/host/testing/network-lab.ts'
import { silentLogger } from '../base/logger.ts'
import type { Client } from '../client/client.ts'
import { createClient } from '../client/create-client.ts'
import type { InformerFactory } from '../client/informer.ts'
import { createInformerFactory } from '../client/informer-factory.ts'
import { FakeApi } from '../client/testing/fake-api.ts'
import { removePodNamespaces } from './pod-namespaces.ts'
import { type NetworkAgent, type NetworkAgentOptions, startNetworkAgent } from './start-network-agent.ts'

const missing = labMissing('nft')

let folder: string
let api: FakeApi
let client: Client
let informers: InformerFactory
let agent: NetworkAgent | undefined

function start(run: RunProgram, more: Partial<NetworkAgentOptions> = {}): NetworkAgent {
  agent = startNetworkAgent({
    client,
    informers,
    host: realHost,
    logger: silentLogger,
    nodeName: 'here',
    nodeAddress: '10.89.201.2',
    networkName: 'timonel-test',
    clusterCidr: '10.244.0.0/16',
    serviceCidrs: ['10.96.0.0/12'],
    confDir: join(folder, 'cni'),
    stateDir: join(folder, 'state'),
    run,
    ...more,
  })
  return agent
}

const nodes = () => client.resource<core.v1.Node>(Node)

const nodeOf = (name: string, podCIDR: string, address: string): core.v1.Node => ({
  metadata: { name },
  spec: { podCIDR, podCIDRs: [podCIDR] },
  status: { addresses: [{ type: 'InternalIP', address }] },
})

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'timonel-network-'))
  api = new FakeApi(realHost)
  client = createClient(api)
  informers = createInformerFactory({ client, host: realHost, logger: silentLogger })
})

afterEach(async () => {
  await agent?.stop({ cleanUp: false })
  agent = undefined
  await informers.stop()
  await rm(folder, { recursive: true })
})

/** Notes what is run; nothing really happens. */
function pretend(answers: (line: string) => string | undefined = () => undefined): {
  readonly lines: string[]
  readonly run: RunProgram
} {
  const lines: string[] = []
  const run: RunProgram = async (program, args) => {
    const line = [program, ...args].join(' ')
    lines.push(line)
    if (line.includes(' route get ')) return '[{"dev":"eth0"}]'
    return answers(line) ?? (line.includes(' -j ') ? '[]' : '')
  }
  return { lines, run }
}

describe('startNetworkAgent()', () => {
  test('writes the configuration as soon as the Node has a range, and says that the network is up', async () => {
    const { run } = pretend()
    const { ready } = start(run)
    await nodes().create(nodeOf('here', '10.244.3.0/24', '10.89.201.2'))
    expect(await ready).toBe('10.244.3.0/24')
    expect(await readdir(join(folder, 'cni'))).toEqual(['10-timonel.conflist'])
    const conflist = JSON.parse(await readFile(join(folder, 'cni', '10-timonel.conflist'), 'utf8'))
    expect(conflist).toMatchObject({
      name: 'timonel-test',
      plugins: [
        {
          type: 'ptp',
          ipam: { ranges: [[{ subnet: '10.244.3.0/24' }]], dataDir: join(folder, 'state', 'addresses') },
        },
        { type: 'portmap' },
        { type: 'bandwidth' },
      ],
    })
    await expect.poll(() => api.writes()).toEqual(['POST /api/v1/nodes', 'PATCH /api/v1/nodes/here/status'])
  })

  test('does not wait for the Node where the range is known', async () => {
    const { ready } = start(pretend().run, { podCidr: '10.244.9.0/24' })
    expect(await ready).toBe('10.244.9.0/24')
  })

  test('tries again', async () => {
    let failures = 2
    const { run } = pretend((line) => {
      if (!line.startsWith('nft') || failures-- <= 0) return undefined
      throw new ProgramError('nft failed', { program: 'nft', exitCode: 1 })
    })
    expect(await start(run, { podCidr: '10.244.9.0/24' }).ready).toBe('10.244.9.0/24')
    expect(failures).toBeLessThan(0)
  })

  test('lets pods’ packets through where iptables would drop them', async () => {
    const { lines, run } = pretend((line) => {
      if (line === 'iptables -w -S FORWARD') return '-P FORWARD DROP\n'
      if (line.startsWith('iptables -w -C'))
        throw new ProgramError('no', { program: 'iptables', exitCode: 1 })
      return undefined
    })
    await start(run, { podCidr: '10.244.9.0/24' }).ready
    const accept = '10.244.0.0/16 -m comment --comment timonel-test: traffic of pods -j ACCEPT'
    expect(lines).toContain(`iptables -w -I FORWARD -s ${accept}`)
    expect(lines).toContain(`iptables -w -I FORWARD -d ${accept}`)
  })
})

describe('removePodNamespaces()', () => {
  test('removes those of its own network alone', async () => {
    const note = (networkName: string, containerId: string, sandbox: string): string =>
      JSON.stringify({ networkName, containerId, result: { interfaces: [{ name: 'veth1' }, { sandbox }] } })
    const cache = join(folder, 'results')
    await runProgram('mkdir', [cache])
    for (const name of ['a', 'b']) await writeFile(join(folder, name), '')
    await writeFile(join(cache, 'net-1-abc-eth0'), note('net-1', 'abc', join(folder, 'a')))
    await writeFile(join(cache, 'cni-loopback-abc-lo'), note('cni-loopback', 'abc', join(folder, 'a')))
    await writeFile(join(cache, 'net-1-other-abc-eth0'), note('net-1-other', 'def', join(folder, 'b')))
    expect(await removePodNamespaces('net-1', pretend().run, cache)).toBe(1)
    expect((await readdir(folder)).sort()).toEqual(['b', 'results'])
    expect(await readdir(cache)).toEqual(['net-1-other-abc-eth0'])
  })
})

describe.skipIf(missing !== undefined)(`on a node of its own ${missing ?? ''}`, () => {
  let lab: NetworkLab
  let node: RunProgram

  beforeEach(async () => {
    lab = new NetworkLab()
    node = await lab.namespace('node')
    await lab.namespace('peer')
    await lab.wire('node', '10.89.201.2/24', 'peer', '10.89.201.3/24')
  })

  afterEach(async () => {
    await agent?.stop({ cleanUp: true })
    agent = undefined
    await lab.close()
  })

  test('routes come and go with the Nodes, and all of it goes in the end', async () => {
    const { ready, stop } = start(node)
    await nodes().create(nodeOf('here', '10.244.0.0/24', '10.89.201.2'))
    await nodes().create(nodeOf('peer', '10.244.1.0/24', '10.89.201.3'))
    await nodes().create(nodeOf('far', '10.244.2.0/24', '192.0.2.77'))
    await ready
    const routes = async (): Promise<string> => (await node('ip', ['route', 'show', 'proto', '197'])).trim()
    await expect
      .poll(routes)
      .toMatch(/^10\.96\.0\.0\/12 .*src 10\.89\.201\.2 *\n10\.244\.1\.0\/24 via 10\.89\.201\.3/)
    expect(await routes()).not.toContain('10.244.2.0')
    await nodes().delete('', 'peer')
    await expect.poll(routes).not.toContain('10.244.1.0')
    expect((await node('cat', ['/proc/sys/net/ipv4/ip_forward'])).trim()).toBe('1')
    expect(await node('nft', ['list', 'tables'])).toBe('table ip timonel-test\n')
    await stop.call(agent, { cleanUp: true })
    expect(await routes()).toBe('')
    expect(await node('nft', ['list', 'tables'])).toBe('')
    expect(await readdir(join(folder, 'cni'))).toEqual([])
  })
})
