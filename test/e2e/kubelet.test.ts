import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Node } from '../../src/api/core/node/kind.ts'
import { Pod } from '../../src/api/core/pod/kind.ts'
import { ServiceAccount } from '../../src/api/core/service-account/kind.ts'
import { ClusterRole } from '../../src/api/rbac/cluster-role/kind.ts'
import { ClusterRoleBinding } from '../../src/api/rbac/cluster-role-binding/kind.ts'
import { isStatus } from '../../src/apimachinery/status-error.ts'
import type { Client } from '../../src/client/client.ts'
import { createAuthority, generateKey, issueCertificate } from '../../src/cluster/pki/certificate.ts'
import {
  type ContainerdBench,
  containerdBench,
  shellImage,
  whyNoContainers,
} from '../../src/kubelet/containerd/testing/containerd-bench.ts'
import { Cgroups } from '../../src/kubelet/linux/cgroups/cgroups.ts'
import { whyNoEtcd } from '../../src/storage/etcd/testing/etcd-process.ts'
import { ask } from './support/ask.ts'
import { ComponentCluster, type RunningComponent } from './support/components.ts'
import { until } from './support/until.ts'

const namespace = 'default'
const slow = 60_000
const noKubelet = [whyNoEtcd, whyNoContainers].filter((why) => why !== '').join(' and ')

describe.skipIf(noKubelet !== '')(`a cluster of processes with a kubelet ${noKubelet}`, () => {
  let cluster: ComponentCluster
  let server: RunningComponent
  let client: Client
  let bench: ContainerdBench
  let kubelet: RunningComponent
  const cgroup = 'timonel-kubelet-test'

  /** The certificate by which the API server is known to kubelets; its authority's file, and flags. */
  const kubeletClient = (): readonly string[] => {
    const life = { notBeforeMs: Date.now() - 60_000, notAfterMs: Date.now() + 3_600_000 }
    const authority = createAuthority(generateKey(), { subject: { commonName: 'clients' }, ...life })
    const subject = { commonName: 'kube-apiserver', organizations: ['system:masters'] }
    const pair = issueCertificate(authority, { subject, usages: ['client'], ...life })
    writeFileSync(join(cluster.folder, 'clients.crt'), authority.certificatePem)
    writeFileSync(join(cluster.folder, 'kubelet-client.crt'), pair.certificatePem)
    writeFileSync(join(cluster.folder, 'kubelet-client.key'), pair.keyPem)
    return ['--kubelet-client-certificate=kubelet-client.crt', '--kubelet-client-key=kubelet-client.key']
  }

  /** A wire for each pod, so that nothing of it stays. */
  const writeNetwork = (): void => {
    const ipam = {
      type: 'host-local',
      ranges: [[{ subnet: '10.253.77.0/24' }]],
      dataDir: join(bench.directory, 'ipam'),
    }
    const network = { cniVersion: '0.4.0', name: cgroup, plugins: [{ type: 'ptp', ipam }] }
    mkdirSync(join(bench.directory, 'cni'), { recursive: true })
    writeFileSync(join(bench.directory, 'cni', '10-test.conflist'), JSON.stringify(network))
  }

  beforeAll(async () => {
    cluster = await ComponentCluster.create()
    bench = await containerdBench()
    writeNetwork()
    server = await cluster.apiServer(kubeletClient())
    client = cluster.client('admin', server)
    await until('the API server is ready', async () => (await ask(server.port, '/readyz'))[0] === 200, slow)
    await cluster.run('controller-manager', [
      `--kubeconfig=${cluster.kubeconfig('system:kube-controller-manager', server)}`,
      '--use-service-account-credentials',
      ...['--root-ca-file=certificates/apiserver.crt', '--service-account-private-key-file=sa.key'],
    ])
    await cluster.run('scheduler', [`--kubeconfig=${cluster.kubeconfig('system:kube-scheduler', server)}`])
    const config = {
      apiVersion: 'kubelet.config.k8s.io/v1beta1',
      kind: 'KubeletConfiguration',
      authentication: { x509: { clientCAFile: 'clients.crt' } },
      containerRuntimeEndpoint: `unix://${bench.containerd.socket}`,
      ...{
        cgroupRoot: `/${cgroup}`,
        healthzPort: 0,
        failSwapOn: false,
        maxPods: 7,
        clusterDomain: 'file.local',
      },
      evictionHard: { 'memory.available': '64Mi' },
      staticPodPath: join(cluster.folder, 'manifests'),
    }
    mkdirSync(config.staticPodPath)
    writeFileSync(join(cluster.folder, 'kubelet.yaml'), JSON.stringify(config))
    kubelet = await cluster.kubelet([
      ...['--config=kubelet.yaml', '--hostname-override=worker', '--node-ip=127.0.0.1', '--max-pods=5'],
      ...[`--kubeconfig=${cluster.kubeconfig('system:node:worker', server)}`],
      ...['--node-labels=disk=ssd,node.kubernetes.io/pool=a', '--register-with-taints=only=us:NoSchedule'],
      ...[`--root-dir=${join(bench.directory, 'kubelet')}`, '--cert-dir=kubelet-pki'],
    ])
  }, slow)

  afterAll(async () => {
    await kubelet?.stop()
    await cluster?.dispose()
    await bench?.close()
    const cgroups = await Cgroups.open({ prefix: [cgroup], driver: 'cgroupfs' })
    await cgroups.removeAll()
  }, slow)

  test('the node is registered as the flags and the file say', async () => {
    const node = await until(
      'the node is ready',
      async () => {
        const found = await client
          .resource(Node)
          .get('', 'worker')
          .catch(() => undefined)
        const ready = found?.status?.conditions?.find(({ type }) => type === 'Ready')
        return ready?.status === 'True' ? found : undefined
      },
      slow,
    )
    expect(node.metadata?.labels).toMatchObject({ disk: 'ssd', 'node.kubernetes.io/pool': 'a' })
    expect(node.spec?.taints).toContainEqual({ key: 'only', value: 'us', effect: 'NoSchedule' })
    const { capacity = {}, allocatable = {}, addresses, daemonEndpoints } = node.status ?? {}
    expect(capacity['pods']).toBe('5')
    expect(
      Number.parseInt(capacity['memory'] ?? '', 10) - Number.parseInt(allocatable['memory'] ?? '', 10),
    ).toBe(64 * 1024)
    expect(addresses).toContainEqual({ type: 'InternalIP', address: '127.0.0.1' })
    expect(daemonEndpoints?.kubeletEndpoint?.Port).toBe(kubelet.port)
    expect(existsSync(join(cluster.folder, 'kubelet-pki', 'kubelet.crt'))).toBe(true)
  })

  test('a pod runs on it, and its log comes through the API server', async () => {
    await until(
      'its service account is there',
      () =>
        client
          .resource(ServiceAccount)
          .get(namespace, 'default')
          .catch(() => undefined),
      slow,
    )
    await client.resource(Pod).create({
      metadata: { name: 'hello', namespace },
      spec: {
        containers: [
          {
            name: 'main',
            image: shellImage,
            imagePullPolicy: 'Never',
            command: ['sh', '-c', 'echo hello; cat /etc/resolv.conf; sleep 3600'],
          },
        ],
        tolerations: [{ key: 'only', operator: 'Exists' }],
        terminationGracePeriodSeconds: 0,
      },
    })
    const pod = await until(
      'it runs',
      async () => {
        const found = await client.resource(Pod).get(namespace, 'hello')
        return found.status?.phase === 'Running' ? found : undefined
      },
      slow,
    )
    expect(pod.spec?.nodeName).toBe('worker')
    const path = '/api/v1/namespaces/default/pods/hello/log'
    const log = await until('it has said it', async () => {
      const [status, text] = await ask(server.port, path, 'admin')
      return status === 200 && text !== '' ? text : undefined
    })
    expect(log).toContain('hello\n')
  })

  test('its statistics tell what the pod uses', async () => {
    const summary = await until(
      'they tell of the pod',
      async () => {
        const [status, text] = await ask(kubelet.port, '/stats/summary', 'admin')
        if (status !== 200) throw new Error(text)
        const { node, pods } = JSON.parse(text)
        const [pod] = pods
        return pod?.containers?.[0]?.memory?.workingSetBytes > 0 && { node, pod }
      },
      slow,
    )
    const used = expect.objectContaining({ workingSetBytes: expect.any(Number) })
    expect(summary.node).toMatchObject({
      nodeName: 'worker',
      cpu: { usageCoreNanoSeconds: expect.any(Number) },
      memory: used,
      fs: { capacityBytes: expect.any(Number), usedBytes: expect.any(Number) },
    })
    expect(summary.pod).toMatchObject({
      podRef: { name: 'hello', namespace },
      memory: used,
      containers: [{ name: 'main', memory: used, logs: { usedBytes: expect.any(Number) } }],
    })
  })

  test('a static pod runs while its manifest is there, and the API shows it', async () => {
    const manifest = join(cluster.folder, 'manifests', 'fixed.json')
    const container = { name: 'main', image: shellImage, imagePullPolicy: 'Never' }
    writeFileSync(
      manifest,
      JSON.stringify({
        ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'fixed', namespace } },
        spec: {
          containers: [{ ...container, command: ['sh', '-c', 'sleep 3600'] }],
          terminationGracePeriodSeconds: 0,
        },
      }),
    )
    const find = () => client.resource(Pod).get(namespace, 'fixed-worker')
    const mirror = await until(
      'it runs',
      async () => {
        const found = await find()
        return found.status?.phase === 'Running' ? found : undefined
      },
      slow,
    )
    expect(mirror.metadata?.annotations).toMatchObject({
      'kubernetes.io/config.source': 'file',
      'kubernetes.io/config.mirror': expect.stringMatching(/^[0-9a-f]{32}$/),
    })
    expect(mirror.metadata?.ownerReferences).toMatchObject([
      { kind: 'Node', name: 'worker', controller: true },
    ])
    rmSync(manifest)
    await until(
      'it is gone',
      () =>
        find().then(
          () => false,
          (error: unknown) => isStatus(error, 'NotFound'),
        ),
      slow,
    )
  })

  test('who may use its port is the API server’s to say, path by path', async () => {
    const rules = [{ apiGroups: [''], resources: ['nodes/pods'], verbs: ['get'] }]
    await client.resource(ClusterRole).create({ metadata: { name: 'reader' }, rules })
    await client.resource(ClusterRoleBinding).create({
      metadata: { name: 'reader' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'reader' },
      subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'reader' }],
    })
    const { port } = kubelet
    const [status, text] = await ask(port, '/pods', 'admin')
    expect(status).toBe(200)
    expect(JSON.parse(text).items).toHaveLength(1)
    expect((await ask(port, '/pods', 'reader'))[0]).toBe(200)
    expect(await ask(port, '/metrics', 'reader')).toEqual([
      403,
      'Forbidden (user=reader, verb=get, resource=nodes, subresource(s)=[metrics])\n',
    ])
    expect(await ask(port, '/pods', 'stranger')).toEqual([
      403,
      'Forbidden (user=stranger, verb=get, resource=nodes, subresource(s)=[pods proxy])\n',
    ])
    expect(await ask(port, '/pods', 'nonsense')).toEqual([401, 'Unauthorized'])
    expect(await ask(port, '/healthz')).toEqual([401, 'Unauthorized'])
  })

  test('it ends at SIGTERM, and its pods run on', async () => {
    expect(await kubelet.stop()).toBe(0)
    const running = await bench.runtime.listContainers({ state: { state: 'CONTAINER_RUNNING' } })
    expect(running).toHaveLength(1)
  })
})
