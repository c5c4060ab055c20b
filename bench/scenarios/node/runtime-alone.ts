import { performance } from 'node:perf_hooks'
import type { CriRuntime } from '../../../src/kubelet/runtime/cri/cri-runtime.ts'
import type { ContainerConfig, SandboxConfig } from '../../../src/kubelet/runtime/messages.ts'
import { keepInFlight } from '../../load/keep-in-flight.ts'
import { benchImage } from '../../server/containers.ts'

const namespaceOptions = { network: 'POD', pid: 'CONTAINER', ipc: 'POD' } as const

/** Without the labels of a node agent: it leaves them alone. */
const sandboxOf = (name: string): SandboxConfig => ({
  metadata: { name, uid: name, namespace: 'bench', attempt: 0 },
  hostname: name,
  logDirectory: '/tmp/timonel-bench-logs',
  portMappings: [],
  labels: {},
  annotations: {},
  linux: { cgroupParent: '/timonel-bench', sysctls: {}, securityContext: { namespaceOptions } },
})

const containerOf = (image: string): ContainerConfig => ({
  metadata: { name: 'main', attempt: 0 },
  image: { image },
  command: [],
  args: [],
  workingDir: '',
  envs: [],
  mounts: [],
  labels: {},
  annotations: {},
  logPath: '',
  stdin: false,
  stdinOnce: false,
  tty: false,
  linux: {
    resources: {},
    securityContext: {
      privileged: false,
      namespaceOptions,
      readonlyRootfs: false,
      supplementalGroups: [],
      noNewPrivs: false,
      maskedPaths: [],
      readonlyPaths: [],
    },
  },
})

/** When each of `count` pods was running, in milliseconds: after its own start one after another, after the first's side by side. */
export async function runtimeMs(
  runtime: CriRuntime,
  count: number,
  flight: number,
): Promise<readonly number[]> {
  const image = (await runtime.imageStatus({ image: benchImage }))?.id ?? benchImage
  const sandboxes: string[] = []
  const took: number[] = []
  const firstMs = performance.now()
  await keepInFlight(count, flight, async (index) => {
    const startMs = flight === 1 ? performance.now() : firstMs
    const sandbox = sandboxOf(`alone-${index}`)
    const id = await runtime.runPodSandbox(sandbox, '')
    sandboxes.push(id)
    const container = await runtime.createContainer(id, containerOf(image), sandbox)
    await runtime.startContainer(container)
    took.push(performance.now() - startMs)
  })
  for (const id of sandboxes) {
    await runtime.stopPodSandbox(id)
    await runtime.removePodSandbox(id)
  }
  return took
}
