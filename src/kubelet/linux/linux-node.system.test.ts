import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ConfigMap } from '../../api/core/config-map/kind.ts'
import { Pod } from '../../api/core/pod/kind.ts'
import { Secret } from '../../api/core/secret/kind.ts'
import type { core } from '../../api/generated/types/index.ts'
import { defined } from '../../base/defined.ts'
import { realHost } from '../../base/host/real-host.ts'
import { runProgram } from '../../base/host/run-program.ts'
import { silentLogger } from '../../base/logger.ts'
import type { Client } from '../../client/client.ts'
import { createClient } from '../../client/create-client.ts'
import type { InformerFactory } from '../../client/informer.ts'
import { createInformerFactory } from '../../client/informer-factory.ts'
import { FakeApi } from '../../client/testing/fake-api.ts'
import {
  type ContainerdBench,
  containerdBench,
  shellImage,
  whyNoContainers,
} from '../containerd/testing/containerd-bench.ts'
import { type LinuxNode, startLinuxNode } from './linux-node.ts'
import { mountsBelow } from './mounts.ts'
import { expectPinned, pinnedTuning, whyNotPinned } from './testing/pinned-pods.ts'

const hold = 'test.timonel.dev/hold'

describe.skipIf(whyNoContainers !== '')(
  `startLinuxNode() ${whyNoContainers}`,
  () => {
    let bench: ContainerdBench
    let api: FakeApi
    let client: Client
    let informers: InformerFactory
    let node: LinuxNode

    const begin = async (): Promise<void> => {
      informers = createInformerFactory({ client, host: realHost, logger: silentLogger })
      node = await startLinuxNode({
        client,
        informers,
        host: realHost,
        logger: silentLogger,
        runtime: bench.runtime,
        nodeName: 'real',
        addresses: ['127.0.0.1'],
        rootDirectory: join(bench.directory, 'kubelet'),
        cgroupPrefix: ['timonel-test-node'],
        cgroupDriver: 'cgroupfs',
        port: 0,
        version: 'v1.36.0',
        clusterDns: ['10.96.0.10'],
        clusterDomain: 'cluster.local',
        tuning: pinnedTuning,
        ...defined({ imageMounts: await bench.runtime.imageMounts() }),
      })
    }

    const end = async (): Promise<void> => {
      await node.stop()
      await informers.stop()
    }

    beforeAll(async () => {
      bench = await containerdBench()
      api = new FakeApi(realHost)
      client = createClient(api)
      await mkdir(join(bench.directory, 'hostpath'))
      await begin()
    }, 60_000)

    afterAll(async () => {
      await end()
      await bench.close()
      await node.clear()
      expect(await mountsBelow(bench.directory)).toEqual([])
    }, 60_000)

    const run = (name: string, spec: Partial<core.v1.PodSpec>, labels = {}): Promise<core.v1.Pod> =>
      client.resource(Pod).create({
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name, namespace: 'default', finalizers: [hold], labels },
        spec: { restartPolicy: 'Never', hostNetwork: true, nodeName: 'real', containers: [], ...spec },
      })
    const get = (name: string): Promise<core.v1.Pod> => client.resource(Pod).get('default', name)
    const shell = (script: string, more: Partial<core.v1.Container> = {}): core.v1.Container => ({
      name: 'main',
      image: shellImage,
      imagePullPolicy: 'Never',
      terminationMessagePath: '/dev/termination-log',
      command: ['sh', '-c', script],
      ...more,
    })
    async function until(name: string, holds: (pod: core.v1.Pod) => boolean): Promise<core.v1.Pod> {
      for (let tries = 0; tries < 400; tries++) {
        const pod = await get(name)
        if (holds(pod)) return pod
        await delay(25)
      }
      throw new Error(`it did not happen: ${JSON.stringify((await get(name)).status)}`)
    }
    const phase = (name: string, wanted: string): Promise<core.v1.Pod> =>
      until(name, ({ status }) => status?.phase === wanted)
    async function logs(name: string): Promise<string> {
      let text = ''
      const options = { follow: false, previous: false, timestamps: false }
      await node.kubelet.api.containerLogs(
        { namespace: 'default', pod: name, container: 'main' },
        options,
        (data) => {
          text += Buffer.from(data).toString()
        },
        new AbortController().signal,
      )
      return text
    }

    test('a pod sees its environment and volumes', async () => {
      const data = { greeting: 'hello', other: 'world' }
      await client.resource(ConfigMap).create({ metadata: { name: 'settings', namespace: 'default' }, data })
      await client.resource(Secret).create({
        metadata: { name: 'keys', namespace: 'default' },
        data: { key: Buffer.from('swordfish').toString('base64') },
      })
      const script = `echo $GREETING $NAME $EXPANDED; cat /settings/greeting /keys/deep/key /info/labels; echo
      stat -c %a /keys/deep/key; echo kept > /host/file; mount | grep -c 'on /fast type tmpfs'; cat /scratch/from-init
      id -u; df /fast | tail -1 | sed 's/  */ /g' | cut -d' ' -f2`
      await run(
        'volumes',
        {
          securityContext: { runAsUser: 0 },
          volumes: [
            { name: 'settings', configMap: { name: 'settings' } },
            {
              name: 'keys',
              secret: { secretName: 'keys', items: [{ key: 'key', path: 'deep/key', mode: 0o400 }] },
            },
            {
              name: 'info',
              downwardAPI: { items: [{ path: 'labels', fieldRef: { fieldPath: 'metadata.labels' } }] },
            },
            { name: 'fast', emptyDir: { medium: 'Memory', sizeLimit: '4Mi' } },
            { name: 'scratch', emptyDir: {} },
            { name: 'host', hostPath: { path: join(bench.directory, 'hostpath'), type: 'Directory' } },
          ],
          initContainers: [
            shell('echo init > /scratch/from-init', {
              name: 'init',
              volumeMounts: [{ name: 'scratch', mountPath: '/scratch' }],
            }),
          ],
          containers: [
            shell(script, {
              env: [
                { name: 'GREETING', valueFrom: { configMapKeyRef: { name: 'settings', key: 'greeting' } } },
                { name: 'NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
                { name: 'EXPANDED', value: '<$(GREETING)>' },
              ],
              volumeMounts: ['settings', 'keys', 'info', 'fast', 'scratch', 'host'].map((name) => ({
                name,
                mountPath: `/${name}`,
              })),
            }),
          ],
        },
        { app: 'demo' },
      )
      await phase('volumes', 'Succeeded')
      expect((await logs('volumes')).split('\n')).toEqual([
        'hello volumes <hello>',
        'helloswordfishapp="demo"',
        '400',
        '1',
        'init',
        '0',
        '4096',
        '',
      ])
    })

    test('an image volume shows an image, all of it or a part, and nobody can write to it', async () => {
      const script =
        'cat /image/etc/passwd | head -1; cat /part/passwd | tail -1; touch /image/x 2>&1 || echo sealed'
      await run('image', {
        volumes: [{ name: 'image', image: { reference: shellImage, pullPolicy: 'Never' } }],
        containers: [
          shell(script, {
            volumeMounts: [
              { name: 'image', mountPath: '/image' },
              { name: 'image', mountPath: '/part', subPath: 'etc' },
            ],
          }),
        ],
      })
      await phase('image', 'Succeeded')
      expect((await logs('image')).split('\n')).toEqual([
        'root:x:0:0:root:/:/bin/sh',
        'app:x:1000:1000::/:/bin/sh',
        expect.stringContaining('Read-only file system'),
        'sealed',
        '',
      ])
      await run('missing', {
        volumes: [{ name: 'image', image: { reference: 'none.example/none:1', pullPolicy: 'Never' } }],
        containers: [shell('true', { volumeMounts: [{ name: 'image', mountPath: '/image' }] })],
      })
      await until('missing', ({ status }) => {
        const waiting = status?.containerStatuses?.[0]?.state?.waiting
        return waiting?.reason === 'ErrImageNeverPull'
      })
    })

    test('a failing container tells why, and is restarted after a pause', async () => {
      await run('failing', {
        restartPolicy: 'Always',
        containers: [shell('echo because > /dev/termination-log; exit 3')],
      })
      const pod = await until('failing', ({ status }) => {
        const waiting = status?.containerStatuses?.[0]?.state?.waiting
        return waiting?.reason === 'CrashLoopBackOff'
      })
      const status = pod.status?.containerStatuses?.[0]
      expect(status?.restartCount).toBe(1)
      expect(status?.lastState?.terminated).toMatchObject({
        exitCode: 3,
        message: 'because\n',
        reason: 'Error',
      })
      expect(pod.status?.phase).toBe('Running')
    })

    test('volumes follow the objects that they show', async () => {
      const metadata = { name: 'changing', namespace: 'default' }
      await client.resource(ConfigMap).create({ metadata, data: { file: 'old' } })
      await run('following', {
        volumes: [{ name: 'settings', configMap: { name: 'changing' } }],
        containers: [
          shell('until grep new /settings/file; do sleep 0.05; done', {
            volumeMounts: [{ name: 'settings', mountPath: '/settings' }],
          }),
        ],
      })
      await phase('following', 'Running')
      await client
        .resource(ConfigMap)
        .patch('default', 'changing', 'application/merge-patch+json', { data: { file: 'new' } })
      await phase('following', 'Succeeded')
    })

    test('limits reach the kernel', async () => {
      await run('limited', {
        containers: [
          shell('sleep 1000', {
            resources: { limits: { memory: '32Mi', cpu: '250m' }, requests: { memory: '32Mi', cpu: '250m' } },
          }),
        ],
      })
      const pod = await phase('limited', 'Running')
      expect(pod.status?.qosClass).toBe('Guaranteed')
      const uid = pod.metadata?.uid ?? ''
      const found = await runProgram('find', [
        '/sys/fs/cgroup',
        '-path',
        `*timonel-test-node/kubepods/pod${uid}`,
      ])
      expect(found).toContain(`kubepods/pod${uid}`)
    })

    test.skipIf(whyNotPinned !== '')(`a container has processors for itself ${whyNotPinned}`, () =>
      expectPinned(
        async (name, resources) => {
          await run(name, { containers: [shell('sleep 1000', { resources })] })
          await phase(name, 'Running')
        },
        async (pod, command) =>
          (await node.kubelet.api.run({ namespace: 'default', pod, container: 'main' }, command, 10)).stdout,
      ),
    )

    test('memory beyond the limit ends a container as OOMKilled', async () => {
      await run('hungry', {
        containers: [
          shell('tail /dev/zero', {
            resources: { limits: { memory: '16Mi' }, requests: { memory: '16Mi' } },
          }),
        ],
      })
      const pod = await phase('hungry', 'Failed')
      expect(pod.status?.containerStatuses?.[0]?.state?.terminated).toMatchObject({
        reason: 'OOMKilled',
        exitCode: 137,
      })
    })

    test('a restarted agent finds its pods and leaves their containers alone', async () => {
      await run('steady', { restartPolicy: 'Always', containers: [shell('sleep 1000')] })
      const before = (await phase('steady', 'Running')).status?.containerStatuses?.[0]
      await end()
      const orphan = join(bench.directory, 'kubelet', 'pods', 'orphan', 'volumes')
      await mkdir(orphan, { recursive: true })
      await begin()
      while (existsSync(orphan)) await delay(25)
      await delay(500)
      const after = (await get('steady')).status?.containerStatuses?.[0]
      expect(after?.containerID).toBe(before?.containerID)
      expect(after?.restartCount).toBe(0)
      expect(after?.ready).toBe(true)
    })

    test('exec takes input to its end and gives the exit code', async () => {
      const name = { namespace: 'default', pod: 'steady', container: 'main' }
      let text = ''
      const request = { tty: false, stdin: true, stdout: true, stderr: true }
      const session = await node.kubelet.api.exec(name, ['sh', '-c', 'cat; exit 4'], request, (_, data) => {
        text += Buffer.from(data).toString()
      })
      await session.writeStdin(Buffer.from('through'))
      session.closeStdin()
      expect(await session.done).toEqual({ kind: 'exited', exitCode: 4 })
      expect(text).toBe('through')
    })

    test('probes decide whether a container is ready and whether it lives', async () => {
      const probe = (command: string): core.v1.Probe => ({
        exec: { command: ['sh', '-c', command] },
        periodSeconds: 1,
        failureThreshold: 1,
      })
      await run('probed', {
        restartPolicy: 'Always',
        terminationGracePeriodSeconds: 1,
        containers: [
          shell('sleep 0.5; touch /tmp/ready; sleep 1000', {
            readinessProbe: probe('test -e /tmp/ready'),
            livenessProbe: { ...probe('test ! -e /tmp/sick') },
          }),
        ],
      })
      await until('probed', ({ status }) => status?.containerStatuses?.[0]?.ready === true)
      const name = { namespace: 'default', pod: 'probed', container: 'main' }
      await node.kubelet.api.run(name, ['touch', '/tmp/sick'], 5)
      await until('probed', ({ status }) => status?.containerStatuses?.[0]?.restartCount === 1)
    })

    test('HTTP and TCP probes and forwarded ports reach what listens in a pod', async () => {
      const port = 20_000 + (process.pid % 10_000)
      await run('server', {
        containers: [
          shell(`mkdir /www; echo served > /www/index.html; sleep 0.5; exec httpd -f -p ${port} -h /www`, {
            ports: [{ name: 'web', containerPort: port }],
            startupProbe: { tcpSocket: { port: 'web' }, periodSeconds: 1, failureThreshold: 10 },
            readinessProbe: { httpGet: { path: '/index.html', port: 'web' }, periodSeconds: 1 },
          }),
        ],
      })
      await until('server', ({ status }) => status?.containerStatuses?.[0]?.ready === true)
      let text = ''
      const session = await node.kubelet.api.portForward(
        { namespace: 'default', pod: 'server' },
        port,
        (data) => {
          text += Buffer.from(data).toString()
        },
      )
      await session.write(Buffer.from('GET /index.html HTTP/1.0\r\n\r\n'))
      expect(await session.done).toBeUndefined()
      expect(text).toContain('served')
      await until('server', ({ status }) => status?.containerStatuses?.[0]?.started === true)
    })

    test('attach joins the running command', async () => {
      await run('attached', {
        containers: [shell('read line; echo got $line', { stdin: true, stdinOnce: true })],
      })
      await phase('attached', 'Running')
      const name = { namespace: 'default', pod: 'attached', container: 'main' }
      let text = ''
      const request = { tty: false, stdin: true, stdout: true, stderr: true }
      const session = await node.kubelet.api.attach(name, request, (_, data) => {
        text += Buffer.from(data).toString()
      })
      await session.writeStdin(Buffer.from('word\n'))
      await session.done
      expect(text).toBe('got word\n')
      await phase('attached', 'Succeeded')
    })

    test('a deleted pod leaves nothing behind', async () => {
      const pod = await get('steady')
      const metadata = {
        deletionTimestamp: new Date(Date.now() + 1000).toISOString(),
        deletionGracePeriodSeconds: 1,
      }
      await client.resource(Pod).patch('default', 'steady', 'application/merge-patch+json', { metadata })
      while (!api.writes().includes('DELETE /api/v1/namespaces/default/pods/steady')) await delay(25)
      await client
        .resource(Pod)
        .patch('default', 'steady', 'application/merge-patch+json', { metadata: { finalizers: null } })
      const uid = pod.metadata?.uid ?? ''
      const left = async (): Promise<number> =>
        (await bench.runtime.listPodSandbox({ labelSelector: { 'io.kubernetes.pod.uid': uid } })).length
      while ((await left()) > 0) await delay(25)
    })
  },
  60_000,
)
