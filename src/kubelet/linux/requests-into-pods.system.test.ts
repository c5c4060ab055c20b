import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { core } from '../../api/generated/types/index.ts'
import { whyNoContainers } from '../containerd/testing/containerd-bench.ts'
import { type LinuxNodeBench, linuxNodeBench, shell } from './testing/linux-node-bench.ts'

describe.skipIf(whyNoContainers !== '')(
  `requests into the pods of startLinuxNode() ${whyNoContainers}`,
  () => {
    let bench: LinuxNodeBench

    beforeAll(async () => {
      bench = await linuxNodeBench('timonel-test-requests')
    }, 60_000)

    afterAll(async () => expect(await bench.close()).toEqual([]), 60_000)

    test('exec takes input to its end and gives the exit code', async () => {
      await bench.run('listening', { containers: [shell('sleep 1000')] })
      await bench.phase('listening', 'Running')
      const name = { namespace: 'default', pod: 'listening', container: 'main' }
      let text = ''
      const request = { tty: false, stdin: true, stdout: true, stderr: true }
      const session = await bench
        .node()
        .kubelet.api.exec(name, ['sh', '-c', 'cat; exit 4'], request, (_, data) => {
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
      await bench.run('probed', {
        restartPolicy: 'Always',
        terminationGracePeriodSeconds: 1,
        containers: [
          shell('sleep 0.5; touch /tmp/ready; sleep 1000', {
            readinessProbe: probe('test -e /tmp/ready'),
            livenessProbe: { ...probe('test ! -e /tmp/sick') },
          }),
        ],
      })
      await bench.until('probed', ({ status }) => status?.containerStatuses?.[0]?.ready === true)
      const name = { namespace: 'default', pod: 'probed', container: 'main' }
      await bench.node().kubelet.api.run(name, ['touch', '/tmp/sick'], 5)
      await bench.until('probed', ({ status }) => status?.containerStatuses?.[0]?.restartCount === 1)
    })

    test('HTTP and TCP probes and forwarded ports reach what listens in a pod', async () => {
      const port = 20_000 + (process.pid % 10_000)
      await bench.run('server', {
        containers: [
          shell(`mkdir /www; echo served > /www/index.html; sleep 0.5; exec httpd -f -p ${port} -h /www`, {
            ports: [{ name: 'web', containerPort: port }],
            startupProbe: { tcpSocket: { port: 'web' }, periodSeconds: 1, failureThreshold: 10 },
            readinessProbe: { httpGet: { path: '/index.html', port: 'web' }, periodSeconds: 1 },
          }),
        ],
      })
      await bench.until('server', ({ status }) => status?.containerStatuses?.[0]?.ready === true)
      let text = ''
      const session = await bench
        .node()
        .kubelet.api.portForward({ namespace: 'default', pod: 'server' }, port, (data) => {
          text += Buffer.from(data).toString()
        })
      await session.write(Buffer.from('GET /index.html HTTP/1.0\r\n\r\n'))
      expect(await session.done).toBeUndefined()
      expect(text).toContain('served')
      await bench.until('server', ({ status }) => status?.containerStatuses?.[0]?.started === true)
    })

    test('attach joins the running command', async () => {
      await bench.run('attached', {
        containers: [shell('read line; echo got $line', { stdin: true, stdinOnce: true })],
      })
      await bench.phase('attached', 'Running')
      const name = { namespace: 'default', pod: 'attached', container: 'main' }
      let text = ''
      const request = { tty: false, stdin: true, stdout: true, stderr: true }
      const session = await bench.node().kubelet.api.attach(name, request, (_, data) => {
        text += Buffer.from(data).toString()
      })
      await session.writeStdin(Buffer.from('word\n'))
      await session.done
      expect(text).toBe('got word\n')
      await bench.phase('attached', 'Succeeded')
    })
  },
  60_000,
)
