import { expect } from 'vitest'
import type { ContainerGround } from '../support/container-ground.ts'
import { forever, scriptPod, webServer } from '../support/pods.ts'
import type { Behave, Table } from '../support/suite.ts'

/** Writes down who has called. */
const listener = webServer('echo; echo "$QUERY_STRING" >> /tmp/calls', ': > /tmp/calls')

type Hook = (address: string, word: string) => object

const byExec: Hook = (address, word) => ({
  exec: { command: ['sh', '-c', `wget -qO- http://${address}:8080/cgi-bin/run?${word}`] },
})
const byHttp: Hook = (host, word) => ({
  httpGet: { host, port: 8080, path: `/cgi-bin/run?${word}` },
})

const calls =
  (when: 'postStart' | 'preStop', hook: Hook): Behave<ContainerGround> =>
  async (ground) => {
    const server = await ground.start(scriptPod('listener', listener))
    const { status } = await ground.ready(server)
    const heard = (expected: string) =>
      ground.eventually(async () => expect(await ground.shell(server, 'cat /tmp/calls')).toBe(expected))
    const name = await ground.start(
      scriptPod('caller', forever, {
        container: { lifecycle: { [when]: hook(status.podIP, when) } },
        spec: { terminationGracePeriodSeconds: 30 },
      }),
    )
    await ground.ready(name)
    await heard(when === 'postStart' ? 'postStart\n' : '')
    await ground.api.delete(ground.path(`pods/${name}`), {}, { gracePeriodSeconds: 15 })
    await ground.gone(name)
    await heard(`${when}\n`)
  }

const hooks = (what: string) =>
  `[sig-node] Container Lifecycle Hook when create a pod with lifecycle hook should execute ${what} hook properly [NodeConformance]`

/** What runs after a container's start and before its end. */
export const nodeHooks: Table<ContainerGround> = {
  [hooks('poststart exec')]: calls('postStart', byExec),
  [hooks('poststart http')]: calls('postStart', byHttp),
  [hooks('prestop exec')]: calls('preStop', byExec),
  [hooks('prestop http')]: calls('preStop', byHttp),
  '[sig-node] PreStop should call prestop when killing a pod': calls('preStop', byExec),
}
