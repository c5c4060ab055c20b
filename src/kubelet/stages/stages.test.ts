import { afterEach, describe, expect, test } from 'vitest'
import { Lease } from '../../api/coordination/lease/kind.ts'
import { Node } from '../../api/core/node/kind.ts'
import type { core } from '../../api/generated/types/index.ts'
import { testHost } from '../../client/testing/test-host.ts'
import { type NodeBench, nodeBench } from '../testing/node-bench.ts'
import { readSimulation } from './read-simulation.ts'

let bench: NodeBench | undefined

afterEach(async () => {
  await bench?.close()
  bench = undefined
})

const stage = (name: string, spec: string, kind = 'Pod'): string =>
  `---
apiVersion: kwok.x-k8s.io/v1alpha1
kind: Stage
metadata: { name: ${name} }
spec:
  resourceRef: { apiGroup: v1, kind: ${kind} }
${spec.replace(/^\n|\s+$/g, '').replace(/^/gm, '  ')}
`

const web = { name: 'web', image: 'web:1' }
const containers = [web]
const running = '{ key: .status.phase, operator: In, values: [Running] }'

const stateOf = (pod: core.v1.Pod): core.v1.ContainerState | undefined =>
  pod.status?.containerStatuses?.[0]?.state

describe('stages of pods', () => {
  test('a call of the runtime takes its delay, between duration and jitter', async () => {
    bench = await nodeBench(
      {},
      stage(
        'slow',
        `
selector: { matchLabels: { slow: 'true' } }
delay: { durationMilliseconds: 2000, jitterDurationMilliseconds: 3000 }
next: { simulate: { call: { name: startContainer } } }`,
      ),
    )
    await bench.run('quick', { containers })
    await bench.run('slow', { containers }, { labels: { slow: 'true' } })
    await bench.host.advance(1900)
    expect((await bench.get('quick')).status?.phase).toBe('Running')
    expect((await bench.get('slow')).status?.phase).toBe('Pending')
    await bench.host.advance(1300)
    expect((await bench.get('slow')).status?.phase).toBe('Running')
  })

  test('a call that fails does so with the error that is given, for the containers that are named', async () => {
    bench = await nodeBench(
      {},
      stage(
        'broken',
        `
selector: {}
next: { simulate: { call: { name: startContainer, containers: [side], error: no such device } } }`,
      ),
    )
    await bench.run('two', { containers: [web, { name: 'side', image: 'web:1' }] })
    await bench.host.advance(1000)
    const { containerStatuses = [] } = (await bench.get('two')).status ?? {}
    const states = Object.fromEntries(containerStatuses.map(({ name, state }) => [name, state]))
    expect(states.web?.running).toBeDefined()
    expect(states.side?.waiting?.reason ?? states.side?.terminated?.reason).toMatch(
      /RunContainerError|CrashLoopBackOff|StartError/,
    )
    expect((await bench.events()).some((event) => event.includes('no such device'))).toBe(true)
  })

  test('a container ends as its stage says, and is restarted by the agent', async () => {
    bench = await nodeBench(
      {},
      stage(
        'crash',
        `
selector:
  matchAnnotations: { crash: 'yes' }
  matchExpressions: [${running}]
delay:
  durationMilliseconds: 1
  durationFrom: { expressionFrom: '.metadata.annotations["after"]' }
next:
  event: { type: Warning, reason: Crashed, message: out of luck }
  simulate: { exit: { code: 3, reason: Boom, message: bad luck }, output: [panic] }`,
      ),
    )
    await bench.run('web', { containers }, { annotations: { crash: 'yes', after: '20s' } })
    await bench.host.advance(19_000)
    expect((await bench.get('web')).status?.containerStatuses?.[0]?.restartCount).toBe(0)
    await bench.host.advance(3_000)
    const status = (await bench.get('web')).status?.containerStatuses?.[0]
    expect(status?.restartCount).toBe(1)
    expect(status?.lastState?.terminated).toMatchObject({ exitCode: 3, reason: 'Boom', message: 'bad luck' })
    expect(await bench.events()).toContain('Crashed: out of luck')
  })

  test('a container that is killed for its memory says so', async () => {
    bench = await nodeBench(
      {},
      stage(
        'oom',
        `
selector: { matchExpressions: [${running}] }
next: { simulate: { exit: { outOfMemory: true } } }`,
      ),
    )
    await bench.run('web', { containers, restartPolicy: 'Never' })
    await bench.host.advance(1_000)
    const pod = await bench.get('web')
    expect(pod.status?.phase).toBe('Failed')
    expect(stateOf(pod)?.terminated).toMatchObject({ exitCode: 137, reason: 'OOMKilled' })
  })

  test('stages follow one another: probes fail, and succeed again', async () => {
    const ready = (status: string): string =>
      `{ key: '.status.conditions.[] | select( .type == "Ready" ) | .status', operator: In, values: ['${status}'] }`
    bench = await nodeBench(
      {},
      [
        stage(
          'sick',
          `
selector: { matchExpressions: [${ready('True')}] }
delay: { durationMilliseconds: 10000 }
next: { simulate: { failingProbes: [readiness] } }`,
        ),
        stage(
          'well',
          `
selector: { matchExpressions: [${running}, ${ready('False')}] }
delay: { durationMilliseconds: 20000 }
next: { simulate: { failingProbes: [] } }`,
        ),
      ].join(''),
    )
    const readinessProbe = { httpGet: { port: 80 }, periodSeconds: 1, failureThreshold: 1 }
    await bench.run('web', { containers: [{ ...web, readinessProbe }] })
    const isReady = async (): Promise<boolean | undefined> =>
      (await bench?.get('web'))?.status?.containerStatuses?.[0]?.ready
    await bench.host.advance(5_000)
    expect(await isReady()).toBe(true)
    await bench.host.advance(10_000)
    expect(await isReady()).toBe(false)
    await bench.host.advance(21_000)
    expect(await isReady()).toBe(true)
  })

  test('of several one is picked by weight: none that has none', async () => {
    const ends = (code: number, weight: number): string =>
      stage(
        `end-${code}`,
        `
selector: { matchExpressions: [${running}] }
weight: ${weight}
next: { simulate: { exit: { code: ${code} } } }`,
      )
    bench = await nodeBench({}, ends(1, 3) + ends(2, 1) + ends(3, 0))
    const names = Array.from({ length: 40 }, (_, index) => `pod-${index}`)
    for (const name of names) await bench.run(name, { containers, restartPolicy: 'Never' })
    await bench.host.advance(5_000)
    const codes = new Map<number | undefined, number>()
    for (const name of names) {
      const code = stateOf(await bench.get(name))?.terminated?.exitCode
      codes.set(code, (codes.get(code) ?? 0) + 1)
    }
    expect([...codes.keys()].toSorted()).toEqual([1, 2])
    expect(codes.get(1)).toBeGreaterThan(codes.get(2) ?? 0)
  })

  test('what containers use is read from rules: a value, or an expression', async () => {
    bench = await nodeBench(
      {},
      `
apiVersion: kwok.x-k8s.io/v1alpha1
kind: ClusterResourceUsage
metadata: { name: all }
spec:
  selector: { matchLabels: { app: web } }
  usages:
    - containers: [web]
      usage:
        cpu: { value: 250m }
        memory: { expression: 'Quantity("1Mi") + pod.SinceSecond() * Quantity("1Mi")' }
`,
    )
    await bench.run('web', { containers }, { labels: { app: 'web' } })
    await bench.host.advance(1_000)
    const created = Date.parse((await bench.get('web')).metadata?.creationTimestamp ?? '')
    await bench.node.runtime.listContainerStats({})
    await bench.host.advance(20_000)
    const [stats] = await bench.node.runtime.listContainerStats({})
    expect(stats?.cpu?.usageNanoCores?.value).toBe(250e6)
    expect(stats?.cpu?.usageCoreNanoSeconds?.value).toBeGreaterThanOrEqual(5e9)
    const megabytes = (stats?.memory?.workingSetBytes?.value ?? 0) / 1024 ** 2
    expect(megabytes).toBeCloseTo(1 + (bench.host.now() - created) / 1000, 1)
  })
})

describe('stages of nodes', () => {
  test('a runtime that is not ready makes the node NotReady, and ready again', async () => {
    bench = await nodeBench(
      {},
      [
        stage(
          'down',
          `
selector: { matchLabels: { state: down } }
next: { simulate: { runtimeError: the runtime has crashed } }`,
          'Node',
        ),
        stage(
          'up',
          `
selector: { matchLabels: { state: up } }
next: { simulate: { runtimeError: '' } }`,
          'Node',
        ),
      ].join(''),
    )
    const label = async (state: string): Promise<core.v1.NodeCondition | undefined> => {
      const nodes = bench?.client.resource(Node)
      await nodes?.patch('', 'node-1', 'application/merge-patch+json', { metadata: { labels: { state } } })
      await bench?.host.advance(15_000)
      return (await nodes?.get('', 'node-1'))?.status?.conditions?.find(({ type }) => type === 'Ready')
    }
    expect(await label('down')).toMatchObject({
      status: 'False',
      message: expect.stringContaining('the runtime has crashed'),
    })
    expect(await label('up')).toMatchObject({ status: 'True' })
  })

  test('an agent without power renews no lease until it has power again; what ran still runs', async () => {
    bench = await nodeBench(
      {},
      [
        stage(
          'off',
          `
selector: { matchLabels: { power: 'off' } }
next: { simulate: { agent: stopped } }`,
          'Node',
        ),
        stage(
          'on',
          `
selector: { matchLabels: { power: 'on' } }
next: { simulate: { agent: running } }`,
          'Node',
        ),
      ].join(''),
    )
    await bench.run('web', { containers })
    await bench.host.advance(1_000)
    const leaseAgeMs = async (power: string): Promise<number> => {
      await bench?.client
        .resource(Node)
        .patch('', 'node-1', 'application/merge-patch+json', { metadata: { labels: { power } } })
      await bench?.host.advance(60_000)
      const lease = await bench?.client.resource(Lease).get('kube-node-lease', 'node-1')
      return (bench?.host.now() ?? 0) - Date.parse(lease?.spec?.renewTime ?? '')
    }
    expect(await leaseAgeMs('off')).toBeGreaterThanOrEqual(60_000)
    expect(await leaseAgeMs('on')).toBeLessThanOrEqual(10_000)
    const [status] = (await bench.get('web')).status?.containerStatuses ?? []
    expect(status).toMatchObject({ ready: true, restartCount: 0 })
  })

  test('memory that others take is missing: the node is under pressure', async () => {
    bench = await nodeBench(
      {},
      stage(
        'full',
        `
selector: {}
delay: { durationMilliseconds: 5000 }
next: { simulate: { foreignMemory: 32Gi } }`,
        'Node',
      ),
    )
    await bench.host.advance(60_000)
    const { status } = await bench.client.resource(Node).get('', 'node-1')
    expect(status?.conditions?.find(({ type }) => type === 'MemoryPressure')?.status).toBe('True')
  })
})

test('readSimulation() names each mistake and where it is', () => {
  const wrong = stage(
    'odd',
    `
selector:
  matchExpressions: [{ key: '.status | length', operator: Near, values: [a] }]
delay: { durationMilliseconds: soon }
next: { statusTemplate: 'phase: Running', simulate: { call: { name: pull } } }`,
  )
  const mistakes = [
    'the stages cannot be read:',
    'Stage odd: spec.next.simulate.call.name: Unsupported value: "pull"',
    'Stage odd: spec.selector.matchExpressions[0].key: Invalid value: ".status | length": what begins at "length"',
    'Stage odd: spec.selector.matchExpressions[0].operator: Unsupported value: "Near"',
    'Stage odd: spec.delay.durationMilliseconds: Invalid value: "soon": must be an integer',
    'Stage odd: spec.next.statusTemplate: a status is what the node agent makes of what happens',
  ]
  let told = ''
  try {
    readSimulation(wrong, testHost())
  } catch (error) {
    told = String(error)
  }
  for (const mistake of mistakes) expect(told).toContain(mistake)
})
