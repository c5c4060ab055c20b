import { expect } from 'vitest'
import type { ContainerGround } from '../support/container-ground.ts'
import { image, type PodParts, scriptPod, speakingImage } from '../support/pods.ts'
import type { Behave, Table } from '../support/suite.ts'

/** What a pod's only container says. */
const says =
  (expected: string, container: object, script = '', parts: PodParts = {}): Behave<ContainerGround> =>
  async (ground) =>
    expect(await ground.output(scriptPod('says', script, { ...parts, container }))).toBe(expected)

const field = (name: string, fieldPath: string) => ({ name, valueFrom: { fieldRef: { fieldPath } } })
const amount = (name: string, resource: string) => ({ name, valueFrom: { resourceFieldRef: { resource } } })

/** Environment from the pod's own fields, beside what the API tells of the pod. */
const ownFields =
  (
    env: readonly object[],
    expected: (ground: ContainerGround) => Promise<readonly unknown[]>,
  ): Behave<ContainerGround> =>
  async (ground) => {
    const names = env.map((_, index) => `$V${index}`).join(' ')
    const named = env.map((each, index) => ({ ...each, name: `V${index}` }))
    const said = await ground.output(scriptPod('own', `echo ${names}`, { container: { env: named } }))
    expect(said.trim()).toBe((await expected(ground)).join(' '))
  }

/** A ConfigMap and a Secret with the same content. */
const sources = async (ground: ContainerGround): Promise<void> => {
  const data = { data_1: 'value-1', 'data.2': 'value-2', p_data: 'value-3' }
  await ground.create('configmaps', { metadata: { name: 'source' }, data })
  await ground.create('secrets', { metadata: { name: 'source' }, stringData: data })
}

const fromSource =
  (container: object, script: string, expected: string): Behave<ContainerGround> =>
  async (ground) => {
    await sources(ground)
    await says(expected, container, script)(ground)
  }

/** Without a shell in between, which would leave out what is no name to it. */
const prefixed =
  (ref: 'configMapRef' | 'secretRef'): Behave<ContainerGround> =>
  async (ground) => {
    await sources(ground)
    const envFrom = [
      { [ref]: { name: 'source' } },
      { prefix: 'p-', [ref]: { name: 'source' } },
      { prefix: '1p.', [ref]: { name: 'source' } },
    ]
    const said = await ground.output(scriptPod('says', '', { container: { envFrom, command: ['/bin/env'] } }))
    const shown = said.split('\n').filter((line) => line.includes('data'))
    const expected = ['', 'p-', '1p.'].flatMap((prefix) => [
      `${prefix}data.2=value-2`,
      `${prefix}data_1=value-1`,
      `${prefix}p_data=value-3`,
    ])
    expect(shown.toSorted()).toEqual(expected.toSorted())
  }

const keyRef = (ref: 'configMapKeyRef' | 'secretKeyRef'): Behave<ContainerGround> =>
  fromSource(
    { env: [{ name: 'ONE', valueFrom: { [ref]: { name: 'source', key: 'data_1' } } }] },
    'echo $ONE',
    'value-1\n',
  )

const whole = (ref: 'configMapRef' | 'secretRef'): Behave<ContainerGround> =>
  fromSource({ envFrom: [{ [ref]: { name: 'source' } }] }, 'echo $data_1 $p_data', 'value-1 value-3\n')

const speaking = { name: 'main', image: speakingImage, command: undefined }
const test = { name: 'TEST', value: 'test-value' }

const serviceVariables: Behave<ContainerGround> = async (ground) => {
  const service = await ground.create('services', {
    metadata: { name: 'foo-service' },
    spec: { selector: { app: 'none' }, ports: [{ port: 8765, targetPort: 8080 }] },
  })
  const host = service.spec?.clusterIP
  await ground.eventually(async () => {
    const { metadata, spec } = scriptPod('', 'env | grep ^FOO_ | sort')
    const made = await ground.create('pods', { metadata: { ...metadata, generateName: 'env-' }, spec })
    const name = made.metadata?.name ?? ''
    await ground.ended(name)
    expect((await ground.log(name)).trim().split('\n')).toEqual([
      `FOO_SERVICE_PORT=tcp://${host}:8765`,
      `FOO_SERVICE_PORT_8765_TCP=tcp://${host}:8765`,
      `FOO_SERVICE_PORT_8765_TCP_ADDR=${host}`,
      'FOO_SERVICE_PORT_8765_TCP_PORT=8765',
      'FOO_SERVICE_PORT_8765_TCP_PROTO=tcp',
      `FOO_SERVICE_SERVICE_HOST=${host}`,
      'FOO_SERVICE_SERVICE_PORT=8765',
    ])
  })
}

const resources = { requests: { cpu: '250m', memory: '32Mi' }, limits: { cpu: '1250m', memory: '64Mi' } }
const amounts = ['limits.cpu', 'limits.memory', 'requests.cpu', 'requests.memory']

const node = (what: string) => `[sig-node] ${what} [NodeConformance]`

/** Words and variables that a container starts with. */
export const nodeEnvironment: Table<ContainerGround> = {
  [node('Containers should use the image defaults if command and args are blank')]: says(
    'entrypoint command\n',
    speaking,
  ),
  [node("Containers should be able to override the image's default arguments (container cmd)")]: says(
    'entrypoint override arguments\n',
    { ...speaking, args: ['override', 'arguments'] },
  ),
  [node("Containers should be able to override the image's default command (container entrypoint)")]: says(
    'mine\n',
    { ...speaking, command: ['/bin/echo', 'mine'] },
  ),
  [node("Containers should be able to override the image's default command and arguments")]: says(
    'mine and arguments\n',
    { ...speaking, command: ['/bin/echo', 'mine'], args: ['and', 'arguments'] },
  ),
  [node('Downward API should provide pod name, namespace and IP address as env vars')]: ownFields(
    [field('', 'metadata.name'), field('', 'metadata.namespace'), field('', 'status.podIP')],
    async (ground) => ['own', ground.namespace, (await ground.pod('own')).status.podIP],
  ),
  [node('Downward API should provide host IP as an env var')]: ownFields(
    [field('', 'status.hostIP')],
    async (ground) => {
      const { status, spec } = await ground.pod('own')
      const addresses = (await ground.api.get(`/api/v1/nodes/${spec.nodeName}`)).status?.addresses
      expect(addresses).toContainEqual({ type: 'InternalIP', address: status.hostIP })
      return [status.hostIP]
    },
  ),
  [node('Downward API should provide hostIPs as an env var')]: ownFields(
    [field('', 'status.hostIPs')],
    async (ground) => {
      const { hostIP, hostIPs } = (await ground.pod('own')).status
      expect(hostIPs).toEqual([{ ip: hostIP }])
      return [hostIP]
    },
  ),
  [node('Downward API should provide pod UID as env vars')]: ownFields(
    [field('', 'metadata.uid')],
    async (ground) => [(await ground.pod('own')).metadata?.uid],
  ),
  [node("Downward API should provide container's limits.cpu/memory and requests.cpu/memory as env vars")]:
    says(
      '2 67108864 1 33554432\n',
      { resources, env: amounts.map((name, index) => amount(`V${index}`, name)) },
      'echo $V0 $V1 $V2 $V3',
    ),
  [node('Downward API should provide default limits.cpu/memory from node allocatable')]: ownFields(
    ['limits.cpu', 'limits.memory'].map((name) => amount('', name)),
    async (ground) => {
      const { spec } = await ground.pod('own')
      const { status } = await ground.api.get(`/api/v1/nodes/${spec.nodeName}`)
      const { cpu, memory } = JSON.parse(JSON.stringify(status?.allocatable))
      return [cpu, Number.parseInt(memory, 10) * 1024]
    },
  ),
  [node('ConfigMap should be consumable via environment variable')]: keyRef('configMapKeyRef'),
  [node('Secrets should be consumable from pods in env vars')]: keyRef('secretKeyRef'),
  [node('ConfigMap should be consumable via the environment')]: whole('configMapRef'),
  [node('Secrets should be consumable via the environment')]: whole('secretRef'),
  '[sig-node] ConfigMap should be consumable as environment variable names with various prefixes':
    prefixed('configMapRef'),
  '[sig-node] Secrets should be consumable as environment variable names variable names with various prefixes':
    prefixed('secretRef'),
  [node('Variable Expansion should allow composing env vars into new env vars')]: says(
    'foo-value;;bar-value $(FOO) $(NONE)\n',
    {
      env: [
        { name: 'FOO', value: 'foo-value' },
        { name: 'BAR', value: 'bar-value' },
        { name: 'FOOBAR', value: '$(FOO);;$(BAR) $$(FOO) $(NONE)' },
      ],
    },
    'echo "$FOOBAR"',
  ),
  [node("Variable Expansion should allow substituting values in a container's command")]: says(
    'test-value\n',
    { env: [test], command: ['/bin/sh', '-c', 'TEST=wrong echo "$(TEST)"'] },
  ),
  [node("Variable Expansion should allow substituting values in a container's args")]: says('test-value\n', {
    image,
    env: [test],
    command: ['/bin/sh', '-c'],
    args: ['TEST=wrong echo "$(TEST)"'],
  }),
  [node('Pods should contain environment variables for services')]: serviceVariables,
}
