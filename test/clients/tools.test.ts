import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { Deployment } from '../../src/api/apps/deployment/kind.ts'
import { Lease } from '../../src/api/coordination/lease/kind.ts'
import { ConfigMap } from '../../src/api/core/config-map/kind.ts'
import { Node } from '../../src/api/core/node/kind.ts'
import { Pod } from '../../src/api/core/pod/kind.ts'
import { isStatus } from '../../src/apimachinery/status-error.ts'
import { Cluster } from '../../src/cluster/cluster.ts'
import { succeed } from '../e2e/support/run.ts'
import { until } from '../e2e/support/until.ts'
import { goProgram, temporaryFolder, whyNo } from './support/tools.ts'

const whyNoGo = whyNo('go', 'version')
const whyNoKubectl = whyNoGo || whyNo('kubectl', 'version', '--client')
const namespace = 'default'

interface Site {
  readonly cluster: Cluster
  readonly env: NodeJS.ProcessEnv
}

async function startCluster(nodes: number): Promise<Site> {
  const cluster = await Cluster.start({ nodes })
  onTestFinished(() => cluster.stop())
  const folder = temporaryFolder()
  const config = join(folder, 'config')
  writeFileSync(config, cluster.kubeconfig, { mode: 0o600 })
  return { cluster, env: { ...process.env, KUBECONFIG: config, HOME: folder } }
}

describe.skipIf(whyNoGo !== '')(`helm ${whyNoGo}`, () => {
  test('installs, upgrades, rolls back, tests and uninstalls a chart with hooks and a definition', async () => {
    const program = await goProgram('helm', 'helm.sh/helm/v3/cmd/helm@v3.22.0')
    const { cluster, env } = await startCluster(2)
    const { client } = cluster
    const chart = join(import.meta.dirname, 'chart')
    const helm = (...args: readonly string[]) => succeed([program, ...args], { env, timeoutMs: 180_000 })
    const greeting = async () => (await client.resource(ConfigMap).get(namespace, 'shop')).data?.['greeting']

    expect(await helm('install', 'shop', chart, '--wait', '--timeout', '2m')).toContain('STATUS: deployed')
    expect(await helm('list')).toMatch(/^shop\s+default\s+1\s.*\sdeployed\sshop-/m)
    expect(await helm('status', 'shop', '--show-resources')).toMatch(/^shop\s+1\/1/m)
    expect(await helm('get', 'hooks', 'shop')).toContain('helm.sh/hook')
    expect(await helm('get', 'all', 'shop')).toContain('USER-SUPPLIED VALUES')
    expect(await greeting()).toBe('hello')
    expect((await client.resource(ConfigMap).get(namespace, 'shop')).data?.['version']).toMatch(/^v1\.36\./)
    expect((await client.resource(ConfigMap).get(namespace, 'shop-before')).data?.['revision']).toBe('1')
    await expect(client.resource(Pod).get(namespace, 'shop-after')).rejects.toSatisfy((error) =>
      isStatus(error, 'NotFound'),
    )
    await helm('upgrade', 'shop', chart, '--wait', '--set', 'replicas=3,greeting=welcome')
    expect(await greeting()).toBe('welcome')
    expect((await client.resource(Deployment).get(namespace, 'shop')).status?.readyReplicas).toBe(3)
    expect(await helm('test', 'shop')).toContain('Phase:          Succeeded')
    await helm('rollback', 'shop', '1', '--wait')
    expect(await greeting()).toBe('hello')
    const history = JSON.parse(await helm('history', 'shop', '-o', 'json'))
    expect(history.map(({ status }: { status: string }) => status)).toEqual([
      'superseded',
      'superseded',
      'deployed',
    ])
    expect(await helm('get', 'manifest', 'shop')).toContain('kind: Order')
    await helm('uninstall', 'shop', '--wait')
    await expect(client.resource(Deployment).get(namespace, 'shop')).rejects.toSatisfy((error) =>
      isStatus(error, 'NotFound'),
    )
    expect(JSON.parse(await helm('list', '-A', '-o', 'json'))).toEqual([])
  })
})

describe.skipIf(whyNoKubectl !== '')(`kustomize ${whyNoKubectl}`, () => {
  test('builds what kubectl applies', async () => {
    const program = await goProgram('kustomize', 'sigs.k8s.io/kustomize/kustomize/v5@v5.7.1')
    const { cluster, env } = await startCluster(1)
    const built = await succeed([program, 'build', join(import.meta.dirname, 'kustomize', 'overlay')], {
      env,
    })
    const apply = () => succeed(['kubectl', 'apply', '-f', '-'], { env, input: built })
    expect(await apply()).toMatch(/deployment.apps\/prod-web created/)
    const deployments = cluster.client.resource(Deployment)
    await until(
      'the rollout',
      async () => (await deployments.get('overlay', 'prod-web')).status?.readyReplicas === 2,
    )
    const [container] = (await deployments.get('overlay', 'prod-web')).spec?.template.spec?.containers ?? []
    expect(container).toMatchObject({ image: 'web:v2', ports: [{ containerPort: 8080 }] })
    expect(await apply()).toMatch(/deployment.apps\/prod-web unchanged/)
  })
})

describe.skipIf(whyNoGo !== '')(`kwok ${whyNoGo}`, () => {
  test('runs nodes and pods that it makes up', async () => {
    const program = await goProgram('kwok', 'sigs.k8s.io/kwok/cmd/kwok@v0.7.0')
    const { cluster, env } = await startCluster(0)
    const args = [
      `--kubeconfig=${env['KUBECONFIG']}`,
      '--manage-all-nodes=true',
      '--node-lease-duration-seconds=40',
      '--node-ip=10.0.0.1',
      '--cidr=10.0.0.1/24',
    ]
    const kwok = spawn(program, args, { env, stdio: 'ignore' })
    onTestFinished(() => void kwok.kill('SIGKILL'))
    const { client } = cluster
    const status = {
      allocatable: { cpu: '32', memory: '256Gi', pods: '110' },
      capacity: { cpu: '32', memory: '256Gi', pods: '110' },
    }
    for (const name of ['kwok-1', 'kwok-2']) {
      await client.resource(Node).create({ metadata: { name, labels: { 'kubernetes.io/hostname': name } } })
      await client.resource(Node).updateStatus({ ...(await client.resource(Node).get('', name)), status })
    }
    await until('the nodes are ready', async () => {
      const { items } = await client.resource(Node).list()
      return items.every((node) =>
        node.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True'),
      )
    })
    await until('their leases are kept', async () => {
      const { items } = await client.resource(Lease).list({ namespace: 'kube-node-lease' })
      return items.length === 2 && items.every(({ spec }) => spec?.renewTime !== undefined)
    })
    const labels = { app: 'many' }
    await client.resource(Deployment).create({
      metadata: { name: 'many', namespace },
      spec: {
        replicas: 20,
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { containers: [{ name: 'main', image: 'many' }] } },
      },
    })
    await until(
      'all pods run',
      async () => (await client.resource(Deployment).get(namespace, 'many')).status?.readyReplicas === 20,
    )
    await client.resource(Deployment).delete(namespace, 'many')
    await until(
      'no pod is left',
      async () => (await client.resource(Pod).list({ namespace })).items.length === 0,
    )
  })
})
