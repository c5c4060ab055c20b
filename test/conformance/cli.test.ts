import { request } from 'node:http'
import { join } from 'node:path'
import { expect } from 'vitest'
import { lacksDryRun, lacksKubectl } from '../e2e/support/requirements.ts'
import { listen } from '../e2e/support/run.ts'
import { annotate, createAndStop, describeAll, expose, scale } from './support/cli-replication.ts'
import { eventually } from './support/eventually.ts'
import { type Kubectl, kubectl } from './support/kubectl.ts'
import { workload } from './support/samples.ts'
import { behaviours, type Ground } from './support/suite.ts'

const image = 'registry.test/web:1'
const otherImage = 'registry.test/web:2'

const pod = ({ namespace }: Ground, name: string) => `/api/v1/namespaces/${namespace}/pods/${name}`

/** `kubectl run`, once the namespace has its service account. */
const runPod = ({ succeed }: Kubectl, ...words: string[]): Promise<string> =>
  eventually(() => succeed(['run', 'web', `--image=${image}`, ...words]))

const imageOf = async (ground: Ground): Promise<unknown> => {
  const { spec } = await ground.api.get(pod(ground, 'web'))
  return JSON.parse(JSON.stringify(spec?.containers))[0].image
}

function read(at: { readonly port: number } | { readonly socketPath: string }): Promise<string> {
  return new Promise((resolve, reject) => {
    const call = request({ ...at, path: '/api/' }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk
      })
      response.on('end', () => resolve(text))
    })
    call.on('error', reject)
    call.end()
  })
}

const versions = { kind: 'APIVersions', versions: ['v1'] }

const client = (what: string) => `[sig-cli] Kubectl client ${what}`

const plain = {
  [client('Kubectl api-versions should check if v1 is in available api versions')]: kubectl(
    async (_, { succeed }) => expect((await succeed(['api-versions'])).split('\n')).toContain('v1'),
  ),
  [client(
    'Kubectl cluster-info should check if Kubernetes control plane services is included in cluster-info',
  )]: kubectl(async (_, { succeed }) => {
    const said = await succeed(['cluster-info'])
    expect(said).toContain('Kubernetes control plane')
    expect(said).toContain('is running at')
  }),
  [client('Kubectl version should check is all data is printed')]: kubectl(async (_, { succeed }) => {
    const { serverVersion, clientVersion } = JSON.parse(await succeed(['version', '-o', 'json']))
    expect(clientVersion.gitVersion).toMatch(/^v1\.\d+/)
    expect(serverVersion).toMatchObject({ major: '1', minor: '36' })
    expect(serverVersion.gitVersion).toMatch(/^v1\.36\.\d+/)
    expect(await succeed(['version'])).toMatch(/Server Version: .*v1\.36\./)
  }),
  [client('Kubectl label should update the label on a resource')]: kubectl(async (ground, of) => {
    await runPod(of)
    await of.succeed(['label', 'pods', 'web', 'testing-label=testing-label-value'])
    const shown = () => of.succeed(['get', 'pod', 'web', '-L', 'testing-label'])
    expect(await shown()).toContain('testing-label-value')
    expect((await ground.api.get(pod(ground, 'web'))).metadata?.labels).toMatchObject({
      'testing-label': 'testing-label-value',
    })
    await of.succeed(['label', 'pods', 'web', 'testing-label-'])
    expect(await shown()).not.toContain('testing-label-value')
  }),
  [client('Kubectl run pod should create a pod from an image when restart is Never')]: kubectl(
    async (ground, of) => {
      await runPod(of, '--restart=Never', '--pod-running-timeout=2m0s')
      const { spec } = await ground.api.get(pod(ground, 'web'))
      expect(spec).toMatchObject({ restartPolicy: 'Never', containers: [{ name: 'web', image }] })
      await of.succeed(['delete', 'pods', 'web'])
    },
  ),
  [client("Kubectl replace should update a single-container pod's image")]: kubectl(async (ground, of) => {
    await runPod(of, '--labels=run=web')
    const text = await eventually(async () => {
      const live = await of.succeed(['get', 'pod', 'web', '-o', 'json'])
      expect(JSON.parse(live).status.phase).toBe('Running')
      await of.succeed(['replace', '-f', '-'], live.replace(image, otherImage))
      return live
    })
    expect(JSON.parse(text).metadata.name).toBe('web')
    expect(await imageOf(ground)).toBe(otherImage)
  }),
  [client('Proxy server should support proxy with --port 0')]: kubectl(async (_, of) => {
    const said = listen(of.start(['proxy', '--port=0', '--disable-filter']))
    const port = await eventually(async () => {
      const found = /Starting to serve on 127\.0\.0\.1:(\d+)/.exec(said().stdout)
      if (found === null) throw new Error(`the proxy has said ${JSON.stringify(said())}`)
      return Number(found[1])
    })
    expect(JSON.parse(await read({ port }))).toMatchObject(versions)
  }),
  [client('Proxy server should support --unix-socket=/path')]: kubectl(async (_, of) => {
    const socketPath = join(of.folder, 'proxy')
    of.start(['proxy', `--unix-socket=${socketPath}`])
    const text = await eventually(() => read({ socketPath }))
    expect(JSON.parse(text)).toMatchObject(versions)
  }),
}

const replication = {
  [client('Update Demo should create and stop a replication controller')]: kubectl(createAndStop),
  [client('Update Demo should scale a replication controller')]: kubectl(scale),
  [client('Kubectl patch should add annotations for pods in rc')]: kubectl(annotate),
  [client('Kubectl expose should create services for rc')]: kubectl(expose),
  [client('Kubectl describe should check if kubectl describe prints relevant information for rc and pods')]:
    kubectl(describeAll),
}

const deployment = (ofImage: string): string =>
  JSON.stringify({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web' },
    spec: {
      ...workload('web', 1),
      template: {
        metadata: { labels: { app: 'web' } },
        spec: { containers: [{ name: 'c', image: ofImage }] },
      },
    },
  })

const trying = {
  [client('Kubectl diff should check if kubectl diff finds a difference for Deployments')]: kubectl(
    async (_, { succeed, run: runKubectl }) => {
      await succeed(['create', '-f', '-'], deployment(image))
      const { code, stdout } = await runKubectl(['diff', '-f', '-'], deployment(otherImage))
      expect(code).toBe(1)
      expect(stdout).toMatch(new RegExp(`-\\s+- image: ${image}`))
      expect(stdout).toMatch(new RegExp(`\\+\\s+- image: ${otherImage}`))
      await succeed(['delete', '-f', '-'], deployment(image))
    },
  ),
  [client('Kubectl server-side dry-run should check if kubectl can dry-run update Pods')]: kubectl(
    async (ground, of) => {
      await runPod(of, '--labels=run=web')
      const patch = JSON.stringify({ spec: { containers: [{ name: 'web', image: otherImage }] } })
      await of.succeed(['patch', 'pod', 'web', '-p', patch, '--dry-run=server'])
      expect(await imageOf(ground)).toBe(image)
      await of.succeed(['delete', 'pods', 'web'])
    },
  ),
}

behaviours('Command line', { ...plain, ...replication }, lacksKubectl)
behaviours('Command line, trying', trying, lacksDryRun)
