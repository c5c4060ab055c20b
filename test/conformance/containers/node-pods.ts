import { expect } from 'vitest'
import type { Json } from '../support/api.ts'
import type { ContainerGround } from '../support/container-ground.ts'
import { messagesOf } from '../support/exec.ts'
import { forever, image, scripted, scriptPod } from '../support/pods.ts'
import type { Behave, Table } from '../support/suite.ts'

const generationOf = ({ metadata }: Json): unknown => JSON.parse(JSON.stringify(metadata)).generation

const ephemeralPath = (ground: ContainerGround, name: string): string =>
  `${ground.path(`pods/${name}`)}/ephemeralcontainers`

/** A debugger comes into a running pod. */
async function debug(ground: ContainerGround): Promise<string> {
  const name = await ground.start(scriptPod('target', forever))
  expect(generationOf(await ground.ready(name))).toBe(1)
  const debuggers = [scripted('debugger', 'while :; do echo polo; sleep 1; done', { stdin: true, tty: true })]
  await ground.api.patch(
    ephemeralPath(ground, name),
    { spec: { ephemeralContainers: debuggers } },
    'application/strategic-merge-patch+json',
  )
  const pod = await ground.podWhen(name, ({ status }) =>
    expect(status.ephemeralContainerStatuses).toMatchObject([
      { name: 'debugger', state: { running: expect.anything() } },
    ]),
  )
  expect(generationOf(pod)).toBe(2)
  expect(await ground.shell(name, 'echo marco', { container: 'debugger' })).toBe('marco\n')
  await ground.eventually(async () =>
    expect(await ground.log(name, { container: 'debugger' })).toContain('polo'),
  )
  return name
}

const debugTwice: Behave<ContainerGround> = async (ground) => {
  const name = await debug(ground)
  const containersOf = ({ spec }: Json): readonly object[] =>
    JSON.parse(JSON.stringify(spec?.ephemeralContainers))
  expect(containersOf(await ground.api.get(ephemeralPath(ground, name)))).toHaveLength(1)
  await ground.eventually(async () => {
    const live = await ground.pod(name)
    const ephemeralContainers = [...containersOf(live), { name: 'second', image }]
    await ground.api.update(ephemeralPath(ground, name), {
      ...live,
      spec: { ...live.spec, ephemeralContainers },
    })
  })
  expect(containersOf(await ground.api.get(ephemeralPath(ground, name)))).toHaveLength(2)
}

const hosts = { name: 'hosts', hostPath: { path: '/etc/hosts', type: 'FileOrCreate' } }
const original = { name: 'hosts', mountPath: '/etc/hosts-original' }

const managedHosts: Behave<ContainerGround> = async (ground) => {
  const containers = [
    scripted('main', forever, { volumeMounts: [original] }),
    scripted('second', forever, { volumeMounts: [original] }),
    scripted('own', forever, { volumeMounts: [original, { name: 'hosts', mountPath: '/etc/hosts' }] }),
  ]
  await ground.start(scriptPod('pod-network', '', { spec: { containers, volumes: [hosts] } }))
  await ground.start(
    scriptPod('host-network', '', {
      spec: { hostNetwork: true, containers: containers.slice(0, 2), volumes: [hosts] },
    }),
  )
  const isManaged = async (pod: string, container: string): Promise<boolean> => {
    await ground.ready(pod)
    const read = (file: string) => ground.shell(pod, `cat ${file}`, { container })
    const [shown, host] = [await read('/etc/hosts'), await read('/etc/hosts-original')]
    return shown.startsWith('# Kubernetes-managed hosts file.') && shown !== host
  }
  expect(await isManaged('pod-network', 'main')).toBe(true)
  expect(await isManaged('pod-network', 'second')).toBe(true)
  expect(await isManaged('pod-network', 'own')).toBe(false)
  expect(await isManaged('host-network', 'main')).toBe(false)
  expect(await isManaged('host-network', 'second')).toBe(false)
}

const hostAliases: Behave<ContainerGround> = async (ground) => {
  const aliases = [{ ip: '123.45.67.89', hostnames: ['foo', 'bar'] }]
  const said = await ground.output(scriptPod('aliases', 'cat /etc/hosts', { spec: { hostAliases: aliases } }))
  expect(said).toContain('123.45.67.89\tfoo\tbar')
}

const talks = async (ground: ContainerGround): Promise<string> => {
  const name = await ground.start(scriptPod('talks', `echo container is alive; ${forever}`))
  await ground.ready(name)
  return name
}

const execOverWebSockets: Behave<ContainerGround> = async (ground) => {
  const name = await talks(ground)
  for (const protocol of ['channel.k8s.io', 'v4.channel.k8s.io', 'v5.channel.k8s.io']) {
    const command = ['echo', 'remote execution test']
    const { stdout } = await ground.exec(name, command, { container: 'main', protocol })
    expect(stdout, protocol).toBe('remote execution test\n')
  }
}

const logsOverWebSockets: Behave<ContainerGround> = async (ground) => {
  const name = await talks(ground)
  const path = `${ground.path(`pods/${name}`)}/log?container=main`
  await ground.eventually(async () => {
    const messages = await messagesOf(ground.to, path, 'binary.k8s.io')
    expect(Buffer.concat(messages).toString('utf8')).toBe('container is alive\n')
  })
}

type Change = (pod: Json) => Json

const withSpec =
  (fields: object): Change =>
  (pod) => ({ ...pod, spec: { ...pod.spec, ...fields } })

const withImages =
  (list: 'containers' | 'initContainers', to: string): Change =>
  (pod) => {
    const containers: readonly object[] = JSON.parse(JSON.stringify(pod.spec?.[list]))
    return withSpec({ [list]: containers.map((each) => ({ ...each, image: to })) })(pod)
  }

/** What a change adds to the generation. */
const changes: readonly (readonly [change: Change, adds: 0 | 1])[] = [
  [(pod) => pod, 0],
  [
    (pod) => {
      const tolerations: readonly object[] = JSON.parse(JSON.stringify(pod.spec?.tolerations ?? []))
      const more = { key: 'foo', operator: 'Equal', value: 'bar', effect: 'NoSchedule' }
      return withSpec({ tolerations: [...tolerations, more] })(pod)
    },
    1,
  ],
  [withSpec({ activeDeadlineSeconds: 5000 }), 1],
  [withImages('containers', `${image}-other`), 1],
  [withImages('initContainers', `${image}-other`), 1],
  [(pod) => ({ ...pod, metadata: { ...pod.metadata, annotations: { key: 'value' } } }), 0],
  [(pod) => ({ ...pod, metadata: { ...pod.metadata, generation: 1 } }), 0],
]

const observes = (ground: ContainerGround, name: string, generation: number) =>
  ground.podWhen(name, (pod) => {
    expect(generationOf(pod)).toBe(generation)
    expect(pod.status.observedGeneration).toBe(generation)
  })

const update = (ground: ContainerGround, name: string, change: Change): Promise<Json> =>
  ground.eventually(async () =>
    ground.api.update(ground.path(`pods/${name}`), change(await ground.pod(name))),
  )

const generations: Behave<ContainerGround> = async (ground) => {
  const initContainers = [scripted('init', 'true')]
  const name = await ground.start(
    scriptPod('changes', forever, { spec: { initContainers, restartPolicy: 'Always' } }),
  )
  expect(generationOf(await ground.ready(name))).toBe(1)
  let expected = 1
  for (const [change, adds] of changes) {
    expected += adds
    expect(generationOf(await update(ground, name, change))).toBe(expected)
    await observes(ground, name, expected)
  }
}

const ownGeneration: Behave<ContainerGround> = async (ground) => {
  const { metadata, spec } = scriptPod('own', forever)
  const name = await ground.start({ metadata: { ...metadata, generation: 100 }, spec })
  expect(generationOf(await ground.ready(name))).toBe(1)
  await ground.api.delete(ground.path(`pods/${name}`), {}, { gracePeriodSeconds: 60 })
  expect(generationOf(await ground.pod(name))).toBe(2)
}

const manyGenerations: Behave<ContainerGround> = async (ground) => {
  const name = await ground.start(scriptPod('many', forever, { spec: { activeDeadlineSeconds: 5000 } }))
  await ground.ready(name)
  for (let count = 1; count < 500; count++) {
    await ground.api.patch(ground.path(`pods/${name}`), { spec: { activeDeadlineSeconds: 5000 - count } })
  }
  await observes(ground, name, 500)
}

/** Through create, watch, patch, status and deletecollection. */
const lifecycle: Behave<ContainerGround> = async (ground) => {
  const { api } = ground
  const labels = { 'test-pod-static': 'true' }
  const selector = { labelSelector: 'test-pod-static=true' }
  const { metadata } = await api.get(ground.path('pods'), selector)
  const watched = api.watch(
    ground.path('pods'),
    { ...selector, resourceVersion: metadata?.resourceVersion ?? '', timeoutSeconds: '120' },
    (events) => events.at(-1)?.type === 'DELETED',
  )
  const name = await ground.start(scriptPod('life', forever, { labels }))
  await ground.ready(name)
  const path = ground.path(`pods/${name}`)
  const patch = {
    metadata: { labels: { 'test-pod': 'patched' } },
    spec: { containers: [{ name: 'main', image: `${image}-other` }] },
  }
  const patched = await api.patch(path, patch, 'application/strategic-merge-patch+json')
  expect(patched.metadata?.labels).toMatchObject({ ...labels, 'test-pod': 'patched' })
  expect(patched.spec?.containers).toMatchObject([{ name: 'main', image: `${image}-other` }])
  const conditions = [{ type: 'Ready', status: 'False' }]
  const shown = await api.patch(
    `${path}/status`,
    { status: { conditions } },
    'application/strategic-merge-patch+json',
  )
  expect(shown.status?.conditions).toContainEqual(expect.objectContaining(conditions[0]))
  await api.delete(ground.path('pods'), selector, { gracePeriodSeconds: 1 })
  await ground.gone(name)
  const types = (await watched).map(({ type }) => type)
  expect([types[0], types.at(-1)]).toEqual(['ADDED', 'DELETED'])
  expect(new Set(types.slice(1, -1))).toEqual(new Set(['MODIFIED']))
}

const withoutOverhead: Behave<ContainerGround> = async (ground) => {
  const name = `plain-${ground.namespace}`
  await ground.api.create('/apis/node.k8s.io/v1/runtimeclasses', { metadata: { name }, handler: 'runc' })
  const pod = await ground.start(scriptPod('classed', 'true', { spec: { runtimeClassName: name } }))
  const { spec, status } = await ground.ended(pod)
  expect(status.phase).toBe('Succeeded')
  expect(spec.overhead).toBeUndefined()
  await ground.api.delete(`/apis/node.k8s.io/v1/runtimeclasses/${name}`)
}

const generation = (what: string) => `[sig-node] Pods Extended (pod generation) Pod Generation ${what}`

/** What is asked of running pods. */
export const nodePods: Table<ContainerGround> = {
  [generation(
    'issue 500 podspec updates and verify generation and observedGeneration eventually converge [MinimumKubeletVersion:1.34]',
  )]: manyGenerations,
  [generation('pod generation should start at 1 and increment per update [MinimumKubeletVersion:1.34]')]:
    generations,
  [generation('custom-set generation on new pods and graceful delete')]: ownGeneration,
  '[sig-node] Ephemeral Containers [NodeConformance] will start an ephemeral container in an existing pod':
    async (ground) => {
      await debug(ground)
    },
  '[sig-node] Ephemeral Containers [NodeConformance] should update the ephemeral containers in an existing pod':
    debugTwice,
  '[sig-node] KubeletManagedEtcHosts should test kubelet managed /etc/hosts file [NodeConformance]':
    managedHosts,
  '[sig-node] Kubelet when scheduling an agnhost Pod with hostAliases should write entries to /etc/hosts [NodeConformance]':
    hostAliases,
  '[sig-node] Pods should support remote command execution over websockets [NodeConformance]':
    execOverWebSockets,
  '[sig-node] Pods should support retrieving logs from the container over websockets [NodeConformance]':
    logsOverWebSockets,
  '[sig-node] Pods should run through the lifecycle of Pods and PodStatus': lifecycle,
  '[sig-node] RuntimeClass should schedule a Pod requesting a RuntimeClass without PodOverhead [NodeConformance]':
    withoutOverhead,
}
