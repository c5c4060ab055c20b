import { existsSync, rmSync } from 'node:fs'
import { Node } from '../api/core/node/kind.ts'
import { realHost } from '../base/host/real-host.ts'
import { runProgram } from '../base/host/run-program.ts'
import { sleep } from '../base/sleep.ts'
import { createClient } from '../client/create-client.ts'
import { createHttpsTransport } from '../client/https/https-transport.ts'
import { loadKubeconfig } from '../client/https/kubeconfig.ts'
import { loadWasmImage } from '../kubelet/runtime/wasm/load-wasm-image.ts'
import { type DataDirectory, dataDirectory } from './data-directory.ts'
import { destroyNodeNetworks } from './nodes/destroy-node-networks.ts'
import { type Report, step } from './progress.ts'
import { cleanUpNode } from './real-nodes/clean-up-node.ts'
import { clusterId } from './real-nodes/cluster-id.ts'
import { knownNodes } from './real-nodes/known-nodes.ts'
import { nodePaths } from './real-nodes/node-paths.ts'
import { isAlive, readState, removeState } from './state-file.ts'
import { useAdministratorPath } from './system-packages.ts'

export interface NodeStatus {
  readonly name: string
  readonly runtime: string
  readonly ready: boolean
}

export type ClusterStatus =
  | { readonly running: false; readonly dataDirectory: string; readonly starting: boolean }
  | {
      readonly running: true
      readonly dataDirectory: string
      readonly pid: number
      readonly server: string
      readonly nodes: readonly NodeStatus[]
    }

/** Stopping pods takes their grace periods, within reason; then the process is killed. */
const stopTimeoutMs = 120_000
const pollMs = 50
const importTimeoutMs = 10 * 60_000
const aliveCheckMs = 500

/** Ends what a crashed process has left running; nothing is left to do after an orderly end. */
async function cleanUpAfterCrash(directory: DataDirectory): Promise<void> {
  useAdministratorPath()
  const nodes = knownNodes(directory)
  for (const node of nodes) await cleanUpNode(node)
  const separate = nodes.find(({ networkNamespace }) => networkNamespace !== undefined)
  if (separate === undefined) return
  await destroyNodeNetworks(clusterId(directory.root), separate.network.podCidr, runProgram)
}

/** Stops the cluster of a data directory and all it runs; false when it was not running. */
export async function stopCluster(root: string, report: Report): Promise<boolean> {
  const directory = dataDirectory(root)
  const state = readState(directory.stateFile)
  const running = state !== undefined && isAlive(state)
  if (running) {
    await step(realHost, report, 'stop pods, nodes and control plane', async () => {
      process.kill(state.pid, 'SIGTERM')
      const untilMs = realHost.monotonicMs() + stopTimeoutMs
      while (isAlive(state)) {
        if (realHost.monotonicMs() > untilMs) process.kill(state.pid, 'SIGKILL')
        await sleep(realHost, pollMs)
      }
    })
  }
  await step(realHost, report, 'take back what is left', () => cleanUpAfterCrash(directory))
  removeState(directory.stateFile)
  return running
}

/** Stops the cluster and removes its data directory. */
export async function deleteCluster(root: string, report: Report): Promise<void> {
  if (!existsSync(root)) return
  const directory = dataDirectory(root)
  const kept = [directory.pki, directory.store, directory.stateFile, directory.joined]
  if (!kept.some((path) => existsSync(path))) {
    throw new Error(`${root} is no data directory of a cluster: it is left alone`)
  }
  await stopCluster(root, report)
  await step(realHost, report, `remove ${root}`, async () => rmSync(root, { recursive: true, force: true }))
}

/** Whether the cluster runs, and what its API says of its nodes. */
export async function clusterStatus(root: string): Promise<ClusterStatus> {
  const directory = dataDirectory(root)
  const state = readState(directory.stateFile)
  const alive = state !== undefined && isAlive(state)
  if (!alive || state.server === undefined) return { running: false, dataDirectory: root, starting: alive }
  const context = loadKubeconfig(existsSync(directory.joined) ? directory.joined : directory.kubeconfig)
  const transport = createHttpsTransport({ host: realHost, ...context })
  try {
    const { items } = await createClient(transport).resource(Node).list()
    const nodes = items.map(({ metadata, status }) => ({
      name: metadata?.name ?? '',
      runtime: status?.nodeInfo?.containerRuntimeVersion ?? '',
      ready:
        status?.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True') ?? false,
    }))
    return { running: true, dataDirectory: root, pid: state.pid, server: context.server, nodes }
  } finally {
    await transport.close()
  }
}

/** Imports an image archive on every node with real containers, or a module's wherever it may run; gives the nodes' names. */
export async function loadImages(root: string, file: string): Promise<readonly string[]> {
  const directory = dataDirectory(root)
  const state = readState(directory.stateFile)
  if (state === undefined || !isAlive(state)) throw new Error(`the cluster in ${root} is not running`)
  if (state.server === undefined) throw new Error(`the cluster in ${root} is still starting`)
  if (!existsSync(file)) throw new Error(`there is no file ${file}`)
  const nodes = state.nodes.filter((node) => node.runtime === 'containerd')
  const places = nodes.map(({ name }) => nodePaths(directory.node(name)).modules)
  const loaded = await Promise.all(
    (nodes.length === 0 ? [directory.modules] : places).map((place) => loadWasmImage(file, place)),
  )
  if (loaded.some((names) => names.length > 0)) return state.nodes.map(({ name }) => name)
  if (nodes.length === 0) throw new Error('simulated nodes need no images: they run whatever a pod names')
  // ctr asks a containerd that has gone again and again.
  const stopped = new AbortController()
  const watching = setInterval(() => {
    const now = readState(directory.stateFile)
    if (now?.pid !== state.pid || !isAlive(now)) stopped.abort()
  }, aliveCheckMs)
  const { signal } = stopped
  try {
    await Promise.all(
      nodes.map(({ name }) => {
        const { socket } = nodePaths(directory.node(name))
        const command = ['--address', socket, '--namespace', 'k8s.io', 'images', 'import', file]
        return runProgram('ctr', command, { timeoutMs: importTimeoutMs, signal })
      }),
    )
  } catch (error) {
    if (signal.aborted) throw new Error(`the cluster in ${root} was stopped`)
    throw error
  } finally {
    clearInterval(watching)
  }
  return nodes.map(({ name }) => name)
}
