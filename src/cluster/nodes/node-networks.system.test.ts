import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Node } from '../../api/core/node/kind.ts'
import type { core } from '../../api/generated/types/index.ts'
import { realHost } from '../../base/host/real-host.ts'
import { inNetworkNamespace, type RunProgram, runProgram } from '../../base/host/run-program.ts'
import { labMissing, NetworkLab } from '../../base/host/testing/network-lab.ts'
import { silentLogger } from '../../base/logger.ts'
import { createClient } from '../../client/create-client.ts'
import { createInformerFactory } from '../../client/informer-factory.ts'
import { FakeApi } from '../../client/testing/fake-api.ts'
import { type NetworkAgent, startNetworkAgent } from '../../network/start-network-agent.ts'
import { addPod, cniMissing } from '../../network/testing/cni.ts'
import { createNodeNetworks } from './create-node-networks.ts'
import { destroyNodeNetworks } from './destroy-node-networks.ts'
import { takenRanges } from './host-address.ts'
import { startHostRoutes } from './host-routes.ts'
import { freeSubnet, planNodeNetworks } from './node-networks.ts'

describe('planNodeNetworks()', () => {
  test('gives the host the first address and each node the next', () => {
    const { bridge, hostAddress, nodes } = planNodeNetworks('ab12cd', ['node-1', 'node-2'], '10.89.7.0/24')
    expect({ bridge, hostAddress }).toEqual({ bridge: 'tmlab12cd', hostAddress: '10.89.7.1' })
    expect(nodes).toEqual([
      {
        nodeName: 'node-1',
        namespace: 'timonel-ab12cd-node-1',
        path: '/run/netns/timonel-ab12cd-node-1',
        hostInterface: 'tmlab12cdn1',
        address: '10.89.7.2',
      },
      {
        nodeName: 'node-2',
        namespace: 'timonel-ab12cd-node-2',
        path: '/run/netns/timonel-ab12cd-node-2',
        hostInterface: 'tmlab12cdn2',
        address: '10.89.7.3',
      },
    ])
  })
})

describe('freeSubnet()', () => {
  test.each([
    [[], 7, '10.89.7.0/24'],
    [['10.89.7.0/25', '192.0.2.0/24'], 7, '10.89.8.0/24'],
    [['10.89.128.0/17'], 255, '10.89.0.0/24'],
    [['10.0.0.0/8'], 0, undefined],
  ])('avoids %j', (taken, start, expected) => {
    expect(freeSubnet(taken, start)).toBe(expected)
  })
})

const missing = labMissing('nft') ?? cniMissing
const clusterCidr = '10.244.0.0/16'
const clusterId = `t${(process.pid % 36 ** 5).toString(36)}`

describe.skipIf(missing !== undefined)(`nodes in network namespaces ${missing ?? ''}`, () => {
  let lab: NetworkLab
  let host: RunProgram
  let folder: string
  const agents: NetworkAgent[] = []

  beforeEach(async () => {
    lab = new NetworkLab()
    host = await lab.namespace('host')
    folder = await mkdtemp(join(tmpdir(), 'timonel-nodes-'))
  })

  afterEach(async () => {
    for (const agent of agents.splice(0)) await agent.stop({ cleanUp: true })
    await destroyNodeNetworks(clusterId, clusterCidr, host)
    await lab.close()
    await rm(folder, { recursive: true })
  })

  test('pods reach each other, the host and back, and nothing is left of it', async () => {
    const api = new FakeApi(realHost)
    const client = createClient(api)
    const informers = createInformerFactory({ client, host: realHost, logger: silentLogger })
    const subnet = freeSubnet(await takenRanges(host), 0) ?? ''
    const networks = planNodeNetworks(clusterId, ['node-1', 'node-2'], subnet)
    await createNodeNetworks(networks, clusterCidr, host)
    await createNodeNetworks(networks, clusterCidr, host)

    const confDir = (node: string): string => join(folder, node, 'cni')
    for (const [index, { nodeName, address, path }] of networks.nodes.entries()) {
      agents.push(
        startNetworkAgent({
          client,
          informers,
          host: realHost,
          logger: silentLogger,
          nodeName,
          nodeAddress: address,
          networkName: `timonel-${clusterId}`,
          clusterCidr,
          serviceCidrs: ['10.96.0.0/12'],
          confDir: confDir(nodeName),
          stateDir: join(folder, nodeName, 'network'),
          run: inNetworkNamespace(path),
        }),
      )
      const node: core.v1.Node = {
        metadata: { name: nodeName },
        spec: { podCIDR: `10.244.${index}.0/24`, podCIDRs: [`10.244.${index}.0/24`] },
        status: { addresses: [{ type: 'InternalIP', address }] },
      }
      await client.resource<core.v1.Node>(Node).create(node)
    }
    const hostRoutes = startHostRoutes({
      informers,
      clusterCidr,
      host: realHost,
      logger: silentLogger,
      run: host,
    })
    expect(await Promise.all(agents.map(({ ready }) => ready))).toEqual(['10.244.0.0/24', '10.244.1.0/24'])

    const [first, second] = networks.nodes
    const pod = async (name: string, node: string, path: string): Promise<string> => {
      await lab.namespace(name)
      const ip = await addPod(confDir(node), path, lab.path(name), name)
      await lab.serve(name, 8080)
      return ip
    }
    const a = await pod('a', 'node-1', first?.path ?? '')
    const b = await pod('b', 'node-1', first?.path ?? '')
    const c = await pod('c', 'node-2', second?.path ?? '')
    expect([a, b, c]).toEqual(['10.244.0.2', '10.244.0.3', '10.244.1.2'])
    await lab.serve('host', 6443)
    expect(await lab.connect('a', b, 8080)).toBe(`b ${a}`)
    expect(await lab.connect('a', c, 8080), 'over nodes').toBe(`c ${a}`)
    expect(await lab.connect('c', a, 8080), 'over nodes').toBe(`a ${c}`)
    expect(await lab.connect('a', networks.hostAddress, 6443), 'as the node').toBe(`host ${first?.address}`)
    expect(await lab.connect('host', c, 8080)).toBe(`c ${networks.hostAddress}`)

    const forged = (): Promise<string> =>
      inNetworkNamespace(first?.path ?? '')('nft', [
        'list',
        'chain',
        'ip',
        `timonel-${clusterId}`,
        'prerouting',
      ])
    await lab.in('a')('ip', ['address', 'add', `${b}/32`, 'dev', 'lo'])
    await lab.in('a')('ip', ['route', 'replace', 'default', 'via', '10.244.0.1', 'dev', 'eth0', 'src', b])
    expect(await lab.datagram('a', c, 8080, 5555), 'under a neighbour’s address').toBe('timeout')
    expect(await forged()).toMatch(/counter packets [1-9]\d* bytes \d+ drop/)

    await hostRoutes.stop()
    for (const agent of agents.splice(0)) await agent.stop({ cleanUp: true })
    expect(await inNetworkNamespace(first?.path ?? '')('nft', ['list', 'ruleset'])).toBe('')
    expect(await readdir(confDir('node-1'))).toEqual([])
    await destroyNodeNetworks(clusterId, clusterCidr, host)
    await destroyNodeNetworks(clusterId, clusterCidr, host)
    await informers.stop()
    expect(await host('nft', ['list', 'ruleset'])).toBe('')
    expect(await host('ip', ['route'])).toBe('')
    expect(JSON.parse(await host('ip', ['-j', 'link']))).toHaveLength(1)
    expect(await runProgram('ip', ['netns', 'list'])).not.toContain(`timonel-${clusterId}`)
  })
})
