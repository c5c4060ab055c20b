import { expect } from 'vitest'
import type { ContainerGround } from '../support/container-ground.ts'
import { image, scripted, webServer } from '../support/pods.ts'
import type { Behave, Table } from '../support/suite.ts'

const inNamespace = (ground: ContainerGround, words: readonly string[]): readonly string[] =>
  ground.machine.kubectlCommand('-n', ground.namespace, ...words)

const kubectl = (ground: ContainerGround, ...words: string[]): Promise<string> =>
  ground.machine.succeed(inNamespace(ground, words))

/** A hundred lines within some seconds. */
const talker = [
  'i=0; while [ $i -lt 100 ]; do echo "line $i of /api/v1/namespaces/kube-system"; i=$((i+1));',
  '[ $((i % 25)) = 0 ] && sleep 1; done',
].join(' ')

const lines = (text: string): readonly string[] => text.replace(/\n$/, '').split('\n')

const logs: Behave<ContainerGround> = async (ground) => {
  const args = ['--restart=Never', '--pod-running-timeout=2m0s', '--', '/bin/sh', '-c', talker]
  await kubectl(ground, 'run', 'talker', `--image=${image}`, ...args)
  const said = (...words: string[]) => kubectl(ground, 'logs', 'talker', 'talker', ...words)
  await ground.eventually(async () => expect(await said()).toContain('/api/v1/namespaces/kube-system'))
  expect(lines(await said('--tail=1'))).toHaveLength(1)
  expect(await said('--limit-bytes=1')).toHaveLength(1)
  const [stamped = '', ...more] = lines(await said('--tail=1', '--timestamps'))
  expect(more).toEqual([])
  expect(stamped).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+(Z|[+-]\d\d:\d\d) line \d+ of /)
  await ground.ended('talker')
  const all = lines(await said('--since=24h'))
  expect(all).toHaveLength(100)
  await ground.eventually(async () => expect(lines(await said('--since=1s')).length).toBeLessThan(all.length))
  await kubectl(ground, 'delete', 'pod', 'talker')
}

/** Keeps what it is told in a file, and tells it to whoever asks. */
const keeper = webServer(
  'echo; [ -n "$QUERY_STRING" ] && echo "$QUERY_STRING" >> /tmp/entries; cat /tmp/entries',
  ': > /tmp/entries',
)
/** Writes to the primary, reads from a replica. */
const front = webServer(
  'echo; case "$QUERY_STRING" in get) wget -qO- http://replica:8080/cgi-bin/run;; *) wget -qO- "http://primary:8080/cgi-bin/run?$QUERY_STRING";; esac',
)
const replica = webServer('echo; wget -qO- http://primary:8080/cgi-bin/run')

const tier = (name: string, replicas: number, script: string): readonly object[] => {
  const labels = { app: 'guestbook', tier: name }
  return [
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name, labels },
      spec: { ports: [{ port: 8080 }], selector: labels },
    },
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name, labels },
      spec: {
        replicas,
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: { terminationGracePeriodSeconds: 0, containers: [scripted('main', script)] },
        },
      },
    },
  ]
}

const guestbook: Behave<ContainerGround> = async (ground) => {
  const items = [...tier('frontend', 3, front), ...tier('primary', 1, keeper), ...tier('replica', 2, replica)]
  const input = JSON.stringify({ apiVersion: 'v1', kind: 'List', items })
  const run = (...words: string[]) => ground.machine.succeed(inNamespace(ground, words), { input })
  expect(await run('create', '-f', '-')).toContain('deployment.apps/frontend created')
  for (const name of ['frontend', 'primary', 'replica'])
    await kubectl(ground, 'rollout', 'status', `deployment/${name}`, '--timeout=50s')
  const ask = async (query: string): Promise<string> => {
    const { status, text } = await ground.raw(
      `${ground.path('services/frontend:8080')}/proxy/cgi-bin/run?${query}`,
    )
    expect(status).toBe(200)
    return text
  }
  await ground.eventually(async () => expect(await ask('get')).toBe(''))
  await ground.eventually(async () => expect(await ask('TestEntry')).toContain('TestEntry'))
  await ground.eventually(async () => expect(await ask('get')).toContain('TestEntry'))
  await run('delete', '--grace-period=0', '--force', '-f', '-')
  await ground.eventually(async () =>
    expect(await kubectl(ground, 'get', 'all', '-l', 'app=guestbook', '--no-headers')).toBe(''),
  )
}

/** What kubectl does with running containers. */
export const cliApplications: Table<ContainerGround> = {
  '[sig-cli] Kubectl client Guestbook application should create and stop a working application': guestbook,
  '[sig-cli] Kubectl logs logs should be able to retrieve and filter logs': logs,
}
