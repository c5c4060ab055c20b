import { expect } from 'vitest'
import { eventually } from './eventually.ts'
import type { Kubectl } from './kubectl.ts'
import { podSpec } from './samples.ts'
import type { Ground } from './suite.ts'

const labels = { app: 'agnhost', role: 'primary' }

/** A ReplicationController, and a Service for its pods. */
const controller = (replicas: number): string =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'ReplicationController',
    metadata: { name: 'primary', labels },
    spec: { replicas, selector: labels, template: { metadata: { labels }, spec: podSpec } },
  })

const service = JSON.stringify({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'primary', labels },
  spec: { ports: [{ port: 6379, targetPort: 6379 }], selector: labels },
})

const names = async ({ succeed }: Kubectl): Promise<readonly string[]> => {
  const template = '{{range .items}}{{if eq .status.phase "Running"}}{{.metadata.name}} {{end}}{{end}}'
  const words = ['get', 'pods', '-o', 'template', `--template=${template}`, '-l', 'app=agnhost']
  return (await succeed(words)).split(' ').filter((name) => name !== '')
}

const running = (of: Kubectl, count: number): Promise<readonly string[]> =>
  eventually(async () => {
    const found = await names(of)
    expect(found).toHaveLength(count)
    return found
  })

const create = (of: Kubectl, replicas: number): Promise<string> =>
  of.succeed(['create', '-f', '-'], controller(replicas))

export async function createAndStop(_: Ground, of: Kubectl): Promise<void> {
  await create(of, 2)
  await running(of, 2)
  await of.succeed(['delete', '--grace-period=0', '--force', '-f', '-'], controller(2))
  await eventually(async () =>
    expect(await of.succeed(['get', 'rc,pods', '-l', 'app=agnhost', '--no-headers'])).toBe(''),
  )
}

export async function scale(_: Ground, of: Kubectl): Promise<void> {
  await create(of, 2)
  await running(of, 2)
  for (const replicas of [1, 2]) {
    await of.succeed(['scale', 'rc', 'primary', `--replicas=${replicas}`, '--timeout=5m'])
    await running(of, replicas)
  }
}

export async function annotate(ground: Ground, of: Kubectl): Promise<void> {
  await create(of, 2)
  for (const name of await running(of, 2)) {
    await of.succeed(['patch', 'pod', name, '-p', '{"metadata":{"annotations":{"x":"y"}}}'])
    const { metadata } = await ground.api.get(`/api/v1/namespaces/${ground.namespace}/pods/${name}`)
    expect(metadata?.annotations).toMatchObject({ x: 'y' })
  }
}

export async function expose(ground: Ground, of: Kubectl): Promise<void> {
  await create(of, 1)
  await running(of, 1)
  const exposed = (name: string, port: number) =>
    eventually(async () => {
      const root = `/api/v1/namespaces/${ground.namespace}`
      const { spec } = await ground.api.get(`${root}/services/${name}`)
      expect(spec).toMatchObject({ selector: labels, ports: [{ port, targetPort: 6379 }] })
      const { subsets } = await ground.api.get(`${root}/endpoints/${name}`)
      expect(subsets).toMatchObject([{ addresses: [{ ip: expect.any(String) }], ports: [{ port: 6379 }] }])
    })
  await of.succeed(['expose', 'rc', 'primary', '--name=rm2', '--port=1234', '--target-port=6379'])
  await exposed('rm2', 1234)
  await of.succeed(['expose', 'service', 'rm2', '--name=rm3', '--port=2345', '--target-port=6379'])
  await exposed('rm3', 2345)
}

export async function describeAll(ground: Ground, of: Kubectl): Promise<void> {
  await create(of, 1)
  await of.succeed(['create', '-f', '-'], service)
  const [pod = ''] = await running(of, 1)
  const says = async (words: readonly string[], ...expected: readonly (readonly string[])[]) => {
    const lines = (await of.succeed(['describe', ...words])).split('\n')
    for (const parts of expected) {
      const found = lines.some((line) => parts.every((part) => line.includes(part)))
      expect(found, `${words.join(' ')} says ${parts.join(' … ')} in ${lines.join('\n')}`).toBe(true)
    }
  }
  const shared = [['Namespace:', ground.namespace], ['Labels:', 'app=agnhost'], ['role=primary']]
  const { spec } = await ground.api.get(`/api/v1/namespaces/${ground.namespace}/pods/${pod}`)
  const node = String(spec?.nodeName)
  await says(
    ['pod', pod],
    ['Name:', pod],
    ...shared,
    ['Status:', 'Running'],
    ['IP:'],
    ['Controlled By:', 'ReplicationController/primary'],
    ['Image:', 'registry.test/web:1'],
    ['State:', 'Running'],
    ['QoS Class:', 'BestEffort'],
  )
  await says(
    ['rc', 'primary'],
    ['Name:', 'primary'],
    ...shared,
    ['Selector:', 'app=agnhost,role=primary'],
    ['Annotations:'],
    ['Replicas:', '1 current', '1 desired'],
    ['Pods Status:', '1 Running', '0 Waiting', '0 Succeeded', '0 Failed'],
    ['Pod Template:'],
    ['Image:', 'registry.test/web:1'],
    ['Events:'],
  )
  await says(
    ['service', 'primary'],
    ['Name:', 'primary'],
    ...shared,
    ['Annotations:'],
    ['Selector:', 'app=agnhost', 'role=primary'],
    ['Type:', 'ClusterIP'],
    ['IP:'],
    ['Port:', '<unset>', '6379/TCP'],
    ['Endpoints:', ':'],
    ['Session Affinity:', 'None'],
  )
  await says(
    ['node', node],
    ['Name:', node],
    ['Labels:'],
    ['Annotations:'],
    ['CreationTimestamp:'],
    ['Conditions:'],
    ['Type', 'Status', 'LastHeartbeatTime', 'LastTransitionTime', 'Reason', 'Message'],
    ['Addresses:'],
    ['Capacity:'],
    ['Kernel Version:'],
    ['OS Image:'],
    ['Container Runtime Version:'],
    ['Kubelet Version:'],
    ['Pods:'],
  )
  const { namespace } = ground
  await says(
    ['namespace', namespace],
    ['Name:', namespace],
    ['Labels:'],
    ['Annotations:'],
    ['Status:', 'Active'],
  )
}
