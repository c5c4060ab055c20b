import { join } from 'node:path'
import type { core } from '../../../api/generated/types/index.ts'
import { containerHash } from '../../runtime/labels.ts'
import { observedContainer } from '../../testing/observed-container.ts'
import { replay } from '../../testing/transcript.ts'
import type { ObservedContainer, ObservedPod, ObservedState } from '../observed-pod.ts'
import { isSettled, type PodActions, type ProbeResult, planPod } from './plan.ts'

interface Scene {
  pod: core.v1.Pod
  sandboxes: ObservedPod['sandboxes']
  containers: ObservedContainer[]
  probes: Map<string, ProbeResult>
}

const word = (words: readonly string[], key: string): string | undefined =>
  words.find((item) => item.startsWith(`${key}=`))?.slice(key.length + 1)

/** `name`, with `*` for a sidecar, `?` for a startup probe, `!` for a liveness probe, `~Never` for a policy of its own, `^3` for a rule that restarts all on exit code 3. */
function containerOf(text: string): core.v1.Container {
  const [, name = '', marks = ''] = /^([a-z0-9]+)(.*)$/.exec(text) ?? []
  const policy = /~(\w+)/.exec(marks)?.[1] ?? (marks.includes('*') ? 'Always' : undefined)
  const code = /\^(\d+)/.exec(marks)?.[1]
  return {
    name,
    image: 'image:1',
    ...(policy === undefined ? {} : { restartPolicy: policy }),
    ...(marks.includes('?') ? { startupProbe: {} } : {}),
    ...(marks.includes('!') ? { livenessProbe: {} } : {}),
    ...(code === undefined
      ? {}
      : {
          restartPolicyRules: [
            { action: 'RestartAllContainers', exitCodes: { operator: 'In', values: [Number(code)] } },
          ],
        }),
  }
}

const list = (text: string | undefined): readonly core.v1.Container[] =>
  text === undefined ? [] : text.split(',').map(containerOf)

function sandbox(words: readonly string[]): ObservedPod['sandboxes'][number] {
  const attempt = Number(word(words, 'attempt') ?? 0)
  return {
    id: `sandbox${attempt}`,
    metadata: { name: 'pod', uid: 'uid', namespace: 'default', attempt },
    state: words.includes('dead') ? 'SANDBOX_NOTREADY' : 'SANDBOX_READY',
    createdAt: attempt,
    labels: {},
    annotations: {},
    network: {
      ip: words.includes('dead') || words.includes('noaddress') ? '' : '10.0.0.1',
      additionalIps: [],
    },
    linux: { namespaces: { options: { network: 'POD', pid: 'CONTAINER', ipc: 'POD' } } },
  }
}

function containerIn(scene: Scene, name: string, words: readonly string[]): ObservedContainer {
  const [state = 'running', code = '0'] = words
  const states: readonly string[] = ['created', 'running', 'exited', 'unknown']
  if (!states.includes(state)) throw new Error(`no state ${state}`)
  const spec = [...(scene.pod.spec?.initContainers ?? []), ...(scene.pod.spec?.containers ?? [])]
  const container = spec.find((item) => item.name === name) ?? { name }
  return observedContainer({
    id: `${name}-id`,
    name,
    state: state as ObservedState,
    hash: words.includes('changed') ? 'other' : containerHash(container),
    image: 'image:1',
    exitCode: state === 'exited' ? Number(code) : 0,
  })
}

function perform(scene: Scene, line: string): void {
  const [command = '', ...words] = line.trim().split(/\s+/)
  switch (command) {
    case 'pod':
      scene.sandboxes = []
      scene.containers = []
      scene.probes.clear()
      scene.pod = {
        metadata: { uid: 'uid', name: 'pod', namespace: 'default' },
        spec: {
          restartPolicy: word(words, 'restart') ?? 'Always',
          initContainers: list(word(words, 'init')),
          containers: list(word(words, 'main')),
        },
      }
      return
    case 'sandbox':
      scene.sandboxes = [sandbox(words), ...scene.sandboxes].sort((a, b) => b.createdAt - a.createdAt)
      return
    case 'probe':
      scene.probes.set(`${words[0]}/${words[1]}-id`, words[2] === 'success' ? 'success' : 'failure')
      return
    case 'gone':
      scene.containers = scene.containers.filter(({ name }) => !words.includes(name))
      if (words.includes('sandbox')) scene.sandboxes = []
      return
    default:
      scene.containers = [
        containerIn(scene, command, words),
        ...scene.containers.filter(({ name }) => name !== command),
      ]
  }
}

function describeActions(actions: PodActions): readonly string[] {
  if (isSettled(actions)) return ['nothing']
  const names = (items: readonly { readonly name: string }[]): string =>
    items.map(({ name }) => name).join(', ')
  return [
    ...(actions.killPod ? ['kill pod'] : []),
    ...actions.kill.map(({ container, message, reason }) => `kill ${container.name} (${reason}): ${message}`),
    ...(actions.reset.length > 0 ? [`reset ${names(actions.reset)}`] : []),
    ...(actions.createSandbox
      ? [
          `new sandbox, attempt ${actions.attempt}${actions.sandboxId === '' ? '' : `, for ${actions.sandboxId}`}`,
        ]
      : []),
    ...(actions.startInit.length > 0 ? [`start init ${names(actions.startInit)}`] : []),
    ...(actions.start.length > 0 ? [`start ${names(actions.start)}`] : []),
  ]
}

const scene: Scene = { pod: {}, sandboxes: [], containers: [], probes: new Map() }

replay(join(import.meta.dirname, 'testdata/plan.txt'), (commands) => {
  for (const line of commands) perform(scene, line)
  const { sandboxes, containers, probes } = scene
  const observed = { sandboxes, containers, podIps: [] }
  return describeActions(planPod(scene.pod, observed, (kind, id) => probes.get(`${kind}/${id}`)))
})
