// What Timonel does, in a minute: starts a cluster, runs a web application on it, and treats it badly.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  Cluster,
  type core,
  Deployment,
  dataDirectory,
  EndpointSlice,
  installPackages,
  isStatus,
  loadImages,
  missingPackages,
  Node,
  Pod,
  packImage,
  Service,
} from 'timonel'
import { applyFile, interruption, show, until } from './kit.ts'

const namespace = 'default'
const real = process.platform === 'linux' && process.getuid?.() === 0
const architecture = process.arch === 'arm64' ? 'arm64' : 'amd64'
const busybox = ['/bin/busybox', '/usr/bin/busybox'].find((file) => existsSync(file))

const wanted = [...missingPackages(), ...(busybox === undefined ? ['busybox-static'] : [])]
if (!real)
  console.log('Not root on Linux: pods are simulated, and the same steps are walked without their traffic.')
else if (wanted.length > 0) await show(`install ${wanted.join(', ')}`, async () => installPackages(wanted))

const interrupted = interruption()
const folder = newFolder(process.argv[2])
const cluster = await show('start a cluster', () =>
  Cluster.start({ runtime: real ? 'containerd' : 'simulated', storage: 'lmdb', dataDirectory: folder }),
)
const { client } = cluster
const pods = async (): Promise<readonly core.v1.Pod[]> =>
  (await client.resource(Pod).list({ namespace, labelSelector: 'app=web' })).items
const deployment = () => client.resource(Deployment).get(namespace, 'web')
const available = (count: number) =>
  until(`${count} pods are available`, async () => {
    const { status, metadata } = await deployment()
    const done =
      status?.observedGeneration === metadata?.generation &&
      status?.updatedReplicas === count &&
      status?.availableReplicas === count &&
      status?.replicas === count
    return done && count
  })
const patch = (spec: object) =>
  client.resource(Deployment).patch(namespace, 'web', 'application/strategic-merge-patch+json', { spec })
const restarts = (pod: core.v1.Pod | undefined): number =>
  pod?.status?.containerStatuses?.[0]?.restartCount ?? 0

/** Never one that is there already: the demo removes it at its end. */
function newFolder(wanted: string | undefined): string {
  if (wanted === undefined) return mkdtempSync(join(tmpdir(), 'timonel-demo-'))
  mkdirSync(wanted)
  return wanted
}

async function loadWebImages(): Promise<void> {
  const content = readFileSync(busybox ?? '/bin/busybox')
  for (const version of ['1', '2']) {
    const image = await packImage({
      name: `timonel.local/web:${version}`,
      architecture,
      files: [{ path: 'bin/busybox', mode: 0o755, content }],
      links: ['sh', 'httpd', 'wget'].map((name) => ({ path: `bin/${name}`, target: '/bin/busybox' })),
      command: ['/bin/httpd', '-f', '-p', '8080', '-h', '/www'],
    })
    const archive = join(folder, `web-${version}.tar`)
    writeFileSync(archive, image)
    await loadImages(folder, archive)
  }
}

/** A pod that asks for a page and leaves what it got as its last words. */
async function askFromPod(url: string): Promise<string> {
  const name = `ask-${Math.random().toString(36).slice(2, 8)}`
  await client.resource(Pod).create({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace },
    spec: {
      restartPolicy: 'Never',
      containers: [
        {
          name: 'ask',
          image: 'timonel.local/web:1',
          command: ['/bin/sh', '-c', `wget -qO /dev/termination-log ${url}`],
        },
      ],
    },
  })
  return until(`the pod ${name} has its answer`, async () => {
    const { status } = await client.resource(Pod).get(namespace, name)
    if (status?.phase === 'Failed') throw new Error(`${url} did not answer`)
    return (
      status?.phase === 'Succeeded' &&
      (status.containerStatuses?.[0]?.state?.terminated?.message ?? '').trim()
    )
  })
}

/** Asks for the page over and over until told to stop; what came back, and what did not. */
function keepAsking(url: string): () => Promise<{ answers: number; failures: number }> {
  const counts = { answers: 0, failures: 0 }
  let stopped = false
  const ask = async (): Promise<void> => {
    while (!stopped) {
      try {
        const answer = await fetch(url, {
          headers: { connection: 'close' },
          signal: AbortSignal.timeout(5_000),
        })
        await answer.text()
        counts[answer.ok ? 'answers' : 'failures']++
      } catch {
        counts.failures++
      }
    }
  }
  const askers = [ask(), ask()]
  return async () => {
    stopped = true
    await Promise.all(askers)
    return counts
  }
}

async function rollOut(what: string, change: object, address: string): Promise<void> {
  const work = async (): Promise<void> => {
    await patch(change)
    await available(5)
  }
  if (!real) return show(what, work)
  const stop = keepAsking(`http://${address}/`)
  // Whoever keeps asking is stopped by a failure too, or the demo would never end.
  await show(what, work).finally(stop)
  await show(
    'requests meanwhile',
    async () => {
      const { answers, failures } = await stop()
      if (failures > 0) throw new Error(`${failures} of ${answers + failures} failed`)
      return answers
    },
    (answers) => `${answers} answered, none failed`,
  )
}

function killContainer(pod: core.v1.Pod): void {
  const { uid = '' } = pod.metadata ?? {}
  if (!real) {
    cluster.node(pod.spec?.nodeName ?? '').runtime.endContainer(uid, 'web', 137)
    return
  }
  const id = pod.status?.containerStatuses?.[0]?.containerID?.replace('containerd://', '') ?? ''
  const socket = join(dataDirectory(folder).node(pod.spec?.nodeName ?? ''), 'run', 'containerd.sock')
  execFileSync('ctr', [
    '--address',
    socket,
    '--namespace',
    'k8s.io',
    'tasks',
    'kill',
    '--signal',
    'SIGKILL',
    id,
  ])
}

async function evict(where: string, name: string): Promise<void> {
  const eviction = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name, namespace: where } }
  try {
    await client.resource(Pod).createSubresource(where, name, 'eviction', eviction)
  } catch (error) {
    // One that was on its way out already has gone meanwhile.
    if (!isStatus(error, 'NotFound')) throw error
  }
}

async function drain(): Promise<number> {
  for (const node of cluster.nodes) {
    await client
      .resource(Node)
      .patch('', node, 'application/merge-patch+json', { spec: { unschedulable: true } })
  }
  const { items } = await client.resource(Pod).list()
  const all = items.filter(({ metadata }) => metadata?.deletionTimestamp === undefined)
  for (const { metadata } of all) {
    const { name = '', namespace: where = '' } = metadata ?? {}
    await evict(where, name)
  }
  await until('no pod is left on a node', async () =>
    (await client.resource(Pod).list()).items.every((pod) => !pod.spec?.nodeName),
  )
  return all.length
}

async function walk(): Promise<void> {
  await show(
    'nodes are Ready',
    () =>
      until('all nodes are Ready', async () => {
        const { items } = await client.resource(Node).list()
        return (
          items.length > 0 &&
          items.every((node) =>
            node.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True'),
          )
        )
      }),
    () => cluster.nodes.join(', '),
  )
  if (real) await show('pack two images and load them', loadWebImages)
  await show(
    'apply examples/web.yaml',
    () => applyFile(client, new URL('../web.yaml', import.meta.url), namespace),
    (names) => names.join(', '),
  )
  await show('3 pods are available', () => available(3))
  const service = await client.resource(Service).get(namespace, 'web')
  const address = service.spec?.clusterIP ?? ''
  if (real) {
    await show(
      `reach it at its ClusterIP, ${address}`,
      async () => (await fetch(`http://${address}/`)).text(),
      (text) => text.trim(),
    )
    await show(
      'reach it by its name, from another pod',
      () => askFromPod('http://web/'),
      (text) => text,
    )
  } else {
    await show(
      'all pods stand behind the Service',
      () =>
        until('3 endpoints are ready', async () => {
          const { items } = await client
            .resource(EndpointSlice)
            .list({ namespace, labelSelector: 'kubernetes.io/service-name=web' })
          return (
            items.flatMap((slice) => slice.endpoints ?? []).filter((endpoint) => endpoint.conditions?.ready)
              .length === 3
          )
        }),
      () => address,
    )
  }
  const [victim, other] = await pods()
  if (victim === undefined || other === undefined) throw new Error('there are no pods')
  await show("kill a container's process: it is restarted", async () => {
    killContainer(victim)
    await until('it runs again', async () => {
      const pod = await client.resource(Pod).get(namespace, victim.metadata?.name ?? '')
      return restarts(pod) > restarts(victim) && pod.status?.containerStatuses?.[0]?.ready
    })
  })
  await show('delete a pod: it is replaced', async () => {
    await client.resource(Pod).delete(namespace, other.metadata?.name ?? '')
    await until('three others run', async () => {
      const all = await pods()
      return (
        all.every((pod) => pod.metadata?.uid !== other.metadata?.uid) &&
        all.filter((pod) => pod.status?.containerStatuses?.[0]?.ready).length === 3
      )
    })
  })
  await show('scale to 5', async () => {
    await patch({ replicas: 5 })
    await available(5)
  })
  const container = (image: string) => ({ template: { spec: { containers: [{ name: 'web', image }] } } })
  await rollOut('roll out version 2', container('timonel.local/web:2'), address)
  await rollOut('roll back to version 1', container('timonel.local/web:1'), address)
  await show('drain the cluster', drain, (count) => `${count} pods evicted`)
}

try {
  await Promise.race([walk(), interrupted])
} catch {
  process.exitCode = 1
} finally {
  await show('stop the cluster', () => cluster.stop())
  rmSync(folder, { recursive: true, force: true })
}
