import { afterEach, expect, test } from 'vitest'
import { Lease } from '../api/coordination/lease/kind.ts'
import { ConfigMap } from '../api/core/config-map/kind.ts'
import { Node } from '../api/core/node/kind.ts'
import { Pod } from '../api/core/pod/kind.ts'
import { Secret } from '../api/core/secret/kind.ts'
import type { core } from '../api/generated/types/index.ts'
import { type NodeBench, nodeBench } from './testing/node-bench.ts'

let bench: NodeBench | undefined

afterEach(async () => {
  await bench?.close()
  bench = undefined
})

const web = { name: 'web', image: 'web:1' }
const condition = (pod: core.v1.Pod, type: string): string | undefined =>
  pod.status?.conditions?.find((it) => it.type === type)?.status

test('startKubelet() registers the node, becomes ready and renews its lease', async () => {
  bench = await nodeBench()
  const node = await bench.client.resource(Node).get('', 'node-1')
  expect(node.metadata?.labels?.['kubernetes.io/hostname']).toBe('node-1')
  expect(node.status?.conditions?.map(({ type, status }) => `${type}=${status}`)).toEqual([
    'MemoryPressure=False',
    'DiskPressure=False',
    'PIDPressure=False',
    'Ready=True',
  ])
  expect(node.status?.capacity?.pods).toBe('110')
  await bench.host.advance(60_000)
  const lease = await bench.client.resource(Lease).get('kube-node-lease', 'node-1')
  const renewedMs = Date.parse(lease.spec?.renewTime ?? '')
  expect(bench.host.now() - renewedMs).toBeLessThanOrEqual(10_000)
  expect(lease.spec?.leaseDurationSeconds).toBe(40)
})

test('a pod runs, is ready and has an address of the node', async () => {
  bench = await nodeBench()
  await bench.run('web', { containers: [web] })
  await bench.host.advance(100)
  const pod = await bench.get('web')
  expect(pod.status?.phase).toBe('Running')
  expect(condition(pod, 'Ready')).toBe('True')
  expect(pod.status?.podIP).toBe('10.244.3.2')
  expect(pod.status?.hostIP).toBe('10.0.0.1')
  expect(pod.status?.containerStatuses?.[0]).toMatchObject({ name: 'web', ready: true, started: true })
  expect(await bench.events()).toEqual([
    'Starting: Starting kubelet.',
    ...['NodeHasSufficientMemory', 'NodeHasNoDiskPressure', 'NodeHasSufficientPID'].map(
      (reason) => `${reason}: Node node-1 status is now: ${reason}`,
    ),
    'NodeReady: Node node-1 status is now: NodeReady',
    'Pulling: Pulling image "web:1"',
    expect.stringMatching(/^Pulled: Successfully pulled image "web:1" in /),
    'Created: Container created',
    'Started: Container started',
  ])
})

test('what others say of a pod is put right: a node that was thought dead has its pods ready again', async () => {
  bench = await nodeBench()
  await bench.run('web', { containers: [web] })
  await bench.host.advance(1_000)
  const status = { conditions: [{ type: 'Ready', status: 'False', reason: 'NodeNotReady' }] }
  const type = 'application/strategic-merge-patch+json'
  const pods = bench.client.resource(Pod)
  await pods.patch('default', 'web', type, { status }, { subresource: 'status' })
  expect(condition(await bench.get('web'), 'Ready')).toBe('False')
  await bench.host.advance(1_000)
  expect(condition(await bench.get('web'), 'Ready')).toBe('True')
  const writes = bench.api.writes().length
  await bench.host.advance(5_000)
  expect(
    bench.api
      .writes()
      .slice(writes)
      .filter((write) => write.includes('/pods/')),
  ).toEqual([])
})

test('a container that fails is restarted with growing pauses', async () => {
  bench = await nodeBench()
  await bench.run('bad', { containers: [{ ...web, command: ['sh', '-c', 'sleep 1; exit 3'] }] })
  const restarts: string[] = []
  let last = ''
  for (let second = 0; second < 120; second++) {
    await bench.host.advance(1000)
    const status = (await bench.get('bad')).status?.containerStatuses?.[0]
    const line = `${status?.restartCount} ${Object.keys(status?.state ?? {}).join()} ${status?.state?.waiting?.reason ?? ''}`
    if (line !== last) restarts.push(`${second}s ${line}`)
    last = line
  }
  await expect(restarts.join('\n')).toMatchFileSnapshot('testdata/crash-loop.txt')
})

test('a pod that is deleted ends within its grace and is then deleted from the API', async () => {
  bench = await nodeBench()
  await bench.run(
    'web',
    { containers: [web] },
    {
      annotations: { 'simulated.timonel.dev/web': '{"stopAfterMs": 4000, "stopExitCode": 0}' },
    },
  )
  await bench.host.advance(100)
  await bench.markDeleted('web', 30)
  await bench.host.advance(3000)
  expect((await bench.get('web')).status?.phase).toBe('Running')
  await bench.host.advance(2000)
  expect(bench.api.writes()).toContain('DELETE /api/v1/namespaces/default/pods/web')
  const pod = await bench.get('web')
  expect(pod.status?.phase).toBe('Succeeded')
  expect(pod.status?.containerStatuses?.[0]?.state?.terminated?.exitCode).toBe(0)
})

test('init containers run one after another, then the others', async () => {
  bench = await nodeBench()
  const init = (name: string): core.v1.Container => ({ name, image: 'init:1', command: ['sleep', '2'] })
  await bench.run('job', {
    initContainers: [init('one'), init('two')],
    containers: [{ ...web, command: ['true'] }],
    restartPolicy: 'Never',
  })
  await bench.host.advance(1000)
  expect((await bench.get('job')).status?.phase).toBe('Pending')
  expect(condition(await bench.get('job'), 'Initialized')).toBe('False')
  await bench.host.advance(4000)
  const pod = await bench.get('job')
  expect(pod.status?.phase).toBe('Succeeded')
  expect(pod.status?.initContainerStatuses?.map(({ ready }) => ready)).toEqual([true, true])
})

const waitingReason = (pod: core.v1.Pod): string | undefined =>
  pod.status?.containerStatuses?.[0]?.state?.waiting?.reason

test('an image that cannot be pulled is tried again with growing pauses', async () => {
  const tries: number[] = []
  bench = await nodeBench({
    fault: (verb) => {
      if (verb !== 'pullImage' || bench === undefined) return undefined
      tries.push(bench.host.now())
      return tries.length < 4 ? 'no such image' : undefined
    },
  })
  await bench.run('web', { containers: [web] })
  await bench.host.advance(500)
  expect(waitingReason(await bench.get('web'))).toBe('ErrImagePull')
  await bench.host.advance(2000)
  const pod = await bench.get('web')
  expect(waitingReason(pod)).toBe('ImagePullBackOff')
  expect(pod.status?.containerStatuses?.[0]?.state?.waiting?.message).toBe(
    'Back-off pulling image "web:1": ErrImagePull: no such image',
  )
  await bench.host.advance(120_000)
  expect((await bench.get('web')).status?.phase).toBe('Running')
  expect(tries.map((at, index) => Math.round((at - (tries[index - 1] ?? at)) / 1000))).toEqual([
    0, 10, 20, 40,
  ])
})

test('a container whose ConfigMap is missing waits for it, and no longer', async () => {
  bench = await nodeBench()
  const env = [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'settings', key: 'a' } } }]
  await bench.run('web', { containers: [{ ...web, env }] })
  await bench.host.advance(2000)
  const pod = await bench.get('web')
  expect(pod.status?.containerStatuses?.[0]?.state?.waiting).toEqual({
    reason: 'CreateContainerConfigError',
    message: 'configmap "settings" not found',
  })
  await bench.client
    .resource(ConfigMap)
    .create({ metadata: { name: 'settings', namespace: 'default' }, data: { a: 'x' } })
  await bench.host.advance(100)
  expect((await bench.get('web')).status?.phase).toBe('Running')
})

test('a pod whose volume cannot be mounted says why and tries again', async () => {
  bench = await nodeBench()
  await bench.run('web', { volumes: [{ name: 'v', secret: { secretName: 'keys' } }], containers: [web] })
  await bench.host.advance(3000)
  expect(await bench.events()).toContain(
    'FailedMount: MountVolume.SetUp failed for volume "v" : secret "keys" not found',
  )
  expect(condition(await bench.get('web'), 'PodReadyToStartContainers')).toBe('False')
})

test('a pod does not outlive its deadline', async () => {
  bench = await nodeBench()
  await bench.run('slow', { activeDeadlineSeconds: 30, containers: [web] })
  await bench.host.advance(29_000)
  expect((await bench.get('slow')).status?.phase).toBe('Running')
  await bench.host.advance(5000)
  expect((await bench.get('slow')).status).toMatchObject({
    phase: 'Failed',
    reason: 'DeadlineExceeded',
    message: 'Pod was active on the node longer than the specified deadline',
  })
})

test('a pod that the node cannot hold is refused', async () => {
  bench = await nodeBench()
  await bench.run('big', { containers: [{ ...web, resources: { requests: { cpu: '64' } } }] })
  await bench.host.advance(1000)
  expect((await bench.get('big')).status).toMatchObject({ phase: 'Failed', reason: 'OutOfcpu' })
})

test('a pod that the API does not have any more takes no place, though it is still on its way out', async () => {
  bench = await nodeBench()
  const cpu = (await bench.client.resource(Node).get('', 'node-1')).status?.allocatable?.cpu ?? ''
  const spec = { containers: [{ ...web, resources: { requests: { cpu } } }] }
  const slow = { 'simulated.timonel.dev/web': '{"stopAfterMs": 20000}' }
  await bench.run('first', spec, { annotations: slow, finalizers: [] })
  await bench.host.advance(100)
  await bench.client.resource(Pod).delete('default', 'first', { gracePeriodSeconds: 0 })
  await bench.host.advance(100)
  await bench.run('second', spec)
  await bench.host.advance(1000)
  expect((await bench.get('second')).status?.phase).toBe('Running')
})

test('a failing liveness probe restarts its container, a failing readiness probe hides it', async () => {
  bench = await nodeBench()
  const probe = { tcpSocket: { port: 80 }, periodSeconds: 1, failureThreshold: 2 }
  await bench.run(
    'sick',
    { containers: [{ ...web, livenessProbe: probe }] },
    {
      annotations: { 'simulated.timonel.dev/web': '{"failingProbes": ["liveness"]}' },
    },
  )
  await bench.run(
    'shy',
    { containers: [{ ...web, readinessProbe: probe }] },
    {
      annotations: { 'simulated.timonel.dev/web': '{"failingProbes": ["readiness"]}' },
    },
  )
  await bench.host.advance(5000)
  expect((await bench.get('sick')).status?.containerStatuses?.[0]?.restartCount).toBeGreaterThan(0)
  expect(await bench.events()).toContain('Killing: Container web failed liveness probe, will be restarted')
  const shy = await bench.get('shy')
  expect(shy.status?.phase).toBe('Running')
  expect(condition(shy, 'Ready')).toBe('False')
})

test('what the API does not know any more is cleared away', async () => {
  bench = await nodeBench()
  await bench.run('web', { containers: [web] })
  await bench.host.advance(100)
  await bench.client
    .resource(Pod)
    .patch('default', 'web', 'application/merge-patch+json', { metadata: { finalizers: null } })
  await bench.client.resource(Pod).delete('default', 'web')
  await bench.host.advance(5000)
  expect(await bench.node.runtime.listPodSandbox({})).toEqual([])
  expect(bench.node.kubelet.api.pods()).toEqual([])
})

test('a postStart hook that fails stops its container, and holds back the ones after it', async () => {
  bench = await nodeBench()
  await bench.run('hooked', {
    containers: [
      {
        ...web,
        name: 'first',
        lifecycle: { postStart: { exec: { command: ['sh', '-c', 'sleep 3; true'] } } },
      },
      { ...web, name: 'second' },
    ],
  })
  await bench.host.advance(2000)
  const early = await bench.node.runtime.listContainers({})
  expect(early.map(({ metadata }) => metadata.name)).toEqual(['first'])
  await bench.host.advance(2000)
  expect(await bench.node.runtime.listContainers({})).toHaveLength(2)
  await bench.run('broken', {
    containers: [{ ...web, lifecycle: { postStart: { exec: { command: ['false'] } } } }],
  })
  await bench.host.advance(1000)
  expect(waitingReason(await bench.get('broken'))).toBe('PostStartHookError')
})

test('a sidecar whose rule restarts the pod as a whole does that for one that is never restarted otherwise', async () => {
  bench = await nodeBench()
  const restartPolicyRules = [{ action: 'RestartAllContainers', exitCodes: { operator: 'In', values: [42] } }]
  const shell = (name: string, script: string): core.v1.Container => ({
    ...web,
    name,
    command: ['sh', '-c', script],
  })
  const sidecar = { ...shell('sidecar', 'sleep 30; exit 42'), restartPolicy: 'Always', restartPolicyRules }
  await bench.run('again', {
    restartPolicy: 'Never',
    initContainers: [shell('init', 'exit 0'), sidecar],
    containers: [shell('main', 'sleep 10000')],
  })
  await bench.host.advance(40_000)
  const { status } = await bench.get('again')
  expect(status?.phase).toBe('Running')
  const all = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])]
  expect(
    all.map(({ name, restartCount, lastState }) => [name, restartCount, lastState?.terminated?.reason]),
  ).toEqual([
    ['init', 1, 'RestartingAllContainers'],
    ['sidecar', 1, 'RestartingAllContainers'],
    ['main', 1, 'RestartingAllContainers'],
  ])
})

test('a private image that one pod has pulled is no other pod\u2019s only because it is there', async () => {
  let isClosed = false
  bench = await nodeBench({
    fault: (verb) => (verb === 'pullImage' && isClosed ? 'unauthorized' : undefined),
  })
  const auths = { 'registry.example': { username: 'me', password: 'secret' } }
  await bench.client.resource(Secret).create({
    metadata: { name: 'login', namespace: 'default' },
    data: { '.dockerconfigjson': btoa(JSON.stringify({ auths })) },
  })
  const containers = [{ name: 'main', image: 'registry.example/private:1', imagePullPolicy: 'IfNotPresent' }]
  await bench.run('owner', { containers, imagePullSecrets: [{ name: 'login' }] })
  await bench.host.advance(1_000)
  isClosed = true
  await bench.run('thief', { containers })
  await bench.run('never', { containers: [{ ...containers[0], name: 'main', imagePullPolicy: 'Never' }] })
  await bench.run('friend', { containers, imagePullSecrets: [{ name: 'login' }] })
  await bench.host.advance(500)
  const shown = async (name: string): Promise<string | undefined> => {
    const { status } = (await bench?.get(name)) ?? {}
    return status?.containerStatuses?.[0]?.state?.waiting?.reason ?? status?.phase
  }
  expect(await Promise.all(['owner', 'thief', 'never', 'friend'].map(shown))).toEqual([
    'Running',
    'ErrImagePull',
    'ErrImageNeverPull',
    'Running',
  ])
})

test.each(['SIGUSR1', 'SIGRTMIN+3', 'SIGRTMAX-2'])(
  'a container is ended by the signal %s that it asks for',
  async (stopSignal) => {
    bench = await nodeBench()
    await bench.run('web', { os: { name: 'linux' }, containers: [{ ...web, lifecycle: { stopSignal } }] })
    await bench.host.advance(1_000)
    expect((await bench.get('web')).status?.containerStatuses?.[0]?.stopSignal).toBe(stopSignal)
  },
)
