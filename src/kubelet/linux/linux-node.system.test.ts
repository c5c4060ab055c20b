import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ConfigMap } from '../../api/core/config-map/kind.ts'
import { Pod } from '../../api/core/pod/kind.ts'
import { Secret } from '../../api/core/secret/kind.ts'
import { runProgram } from '../../base/host/run-program.ts'
import { shellImage, whyNoContainers } from '../containerd/testing/containerd-bench.ts'
import { type LinuxNodeBench, linuxNodeBench, shell } from './testing/linux-node-bench.ts'
import { expectPinned, whyNotPinned } from './testing/pinned-pods.ts'

describe.skipIf(whyNoContainers !== '')(
  `startLinuxNode() ${whyNoContainers}`,
  () => {
    let bench: LinuxNodeBench

    beforeAll(async () => {
      bench = await linuxNodeBench('timonel-test-node')
    }, 60_000)

    afterAll(async () => expect(await bench.close()).toEqual([]), 60_000)

    test('a pod sees its environment and volumes', async () => {
      const data = { greeting: 'hello', other: 'world' }
      await bench.client
        .resource(ConfigMap)
        .create({ metadata: { name: 'settings', namespace: 'default' }, data })
      await bench.client.resource(Secret).create({
        metadata: { name: 'keys', namespace: 'default' },
        data: { key: Buffer.from('swordfish').toString('base64') },
      })
      const script = `echo $GREETING $NAME $EXPANDED; cat /settings/greeting /keys/deep/key /info/labels; echo
      stat -c %a /keys/deep/key; echo kept > /host/file; mount | grep -c 'on /fast type tmpfs'; cat /scratch/from-init
      id -u; df /fast | tail -1 | sed 's/  */ /g' | cut -d' ' -f2`
      await bench.run(
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
      await bench.phase('volumes', 'Succeeded')
      expect((await bench.logs('volumes')).split('\n')).toEqual([
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
      await bench.run('image', {
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
      await bench.phase('image', 'Succeeded')
      expect((await bench.logs('image')).split('\n')).toEqual([
        'root:x:0:0:root:/:/bin/sh',
        'app:x:1000:1000::/:/bin/sh',
        expect.stringContaining('Read-only file system'),
        'sealed',
        '',
      ])
      await bench.run('missing', {
        volumes: [{ name: 'image', image: { reference: 'none.example/none:1', pullPolicy: 'Never' } }],
        containers: [shell('true', { volumeMounts: [{ name: 'image', mountPath: '/image' }] })],
      })
      await bench.until('missing', ({ status }) => {
        const waiting = status?.containerStatuses?.[0]?.state?.waiting
        return waiting?.reason === 'ErrImageNeverPull'
      })
    })

    test('a failing container tells why, and is restarted after a pause', async () => {
      await bench.run('failing', {
        restartPolicy: 'Always',
        containers: [shell('echo because > /dev/termination-log; exit 3')],
      })
      const pod = await bench.until('failing', ({ status }) => {
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
      await bench.client.resource(ConfigMap).create({ metadata, data: { file: 'old' } })
      await bench.run('following', {
        volumes: [{ name: 'settings', configMap: { name: 'changing' } }],
        containers: [
          shell('until grep new /settings/file; do sleep 0.05; done', {
            volumeMounts: [{ name: 'settings', mountPath: '/settings' }],
          }),
        ],
      })
      await bench.phase('following', 'Running')
      await bench.client
        .resource(ConfigMap)
        .patch('default', 'changing', 'application/merge-patch+json', { data: { file: 'new' } })
      await bench.phase('following', 'Succeeded')
    })

    test('limits reach the kernel', async () => {
      await bench.run('limited', {
        containers: [
          shell('sleep 1000', {
            resources: { limits: { memory: '32Mi', cpu: '250m' }, requests: { memory: '32Mi', cpu: '250m' } },
          }),
        ],
      })
      const pod = await bench.phase('limited', 'Running')
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
          await bench.run(name, { containers: [shell('sleep 1000', { resources })] })
          await bench.phase(name, 'Running')
        },
        async (pod, command) =>
          (await bench.node().kubelet.api.run({ namespace: 'default', pod, container: 'main' }, command, 10))
            .stdout,
      ),
    )

    test('memory beyond the limit ends a container as OOMKilled', async () => {
      await bench.run('hungry', {
        containers: [
          shell('tail /dev/zero', {
            resources: { limits: { memory: '16Mi' }, requests: { memory: '16Mi' } },
          }),
        ],
      })
      const pod = await bench.phase('hungry', 'Failed')
      expect(pod.status?.containerStatuses?.[0]?.state?.terminated).toMatchObject({
        reason: 'OOMKilled',
        exitCode: 137,
      })
    })

    test('a restarted agent finds its pods and leaves their containers alone', async () => {
      await bench.run('steady', { restartPolicy: 'Always', containers: [shell('sleep 1000')] })
      const before = (await bench.phase('steady', 'Running')).status?.containerStatuses?.[0]
      await bench.end()
      const orphan = join(bench.directory, 'kubelet', 'pods', 'orphan', 'volumes')
      await mkdir(orphan, { recursive: true })
      await bench.begin()
      while (existsSync(orphan)) await delay(25)
      await delay(500)
      const after = (await bench.get('steady')).status?.containerStatuses?.[0]
      expect(after?.containerID).toBe(before?.containerID)
      expect(after?.restartCount).toBe(0)
      expect(after?.ready).toBe(true)
    })

    test('a deleted pod leaves nothing behind', async () => {
      const pod = await bench.get('steady')
      const metadata = {
        deletionTimestamp: new Date(Date.now() + 1000).toISOString(),
        deletionGracePeriodSeconds: 1,
      }
      await bench.client
        .resource(Pod)
        .patch('default', 'steady', 'application/merge-patch+json', { metadata })
      while (!bench.writes().includes('DELETE /api/v1/namespaces/default/pods/steady')) await delay(25)
      await bench.client
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
