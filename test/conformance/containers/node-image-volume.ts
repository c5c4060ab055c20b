import { expect } from 'vitest'
import { layOut, registryProgram } from '../../e2e/support/registry.ts'
import type { ContainerGround } from '../support/container-ground.ts'
import { forever, hostFiles, nodeProgram, scriptPod } from '../support/pods.ts'
import type { Table } from '../support/suite.ts'

const port = 5_099

/** A registry on one of the nodes, for that node alone: where it is reached as `127.0.0.1`, no certificate is asked for. */
async function startRegistry(ground: ContainerGround, nodeName: string): Promise<string> {
  const name = `127.0.0.1:${port}/kitten:1`
  const content = Buffer.from('meow\n')
  const recipe = { name, files: [{ path: 'data/kitten.txt', mode: 0o644, content }] }
  const program = registryProgram(await layOut(ground.machine, 'kitten', recipe), { port })
  const probe = { httpGet: { path: '/v2/', host: '127.0.0.1', port }, periodSeconds: 1 }
  await ground.start(
    scriptPod('registry', '', {
      spec: {
        ...{ nodeName, hostNetwork: true, volumes: [hostFiles] },
        containers: [nodeProgram('main', program, { readinessProbe: probe })],
      },
    }),
  )
  await ground.ready('registry')
  return name
}

export const nodeImageVolume: Table<ContainerGround> = {
  '[sig-node] ImageVolume should succeed with pod and pull policy of Always [LinuxOnly] [MinimumKubeletVersion:1.35]':
    async (ground) => {
      const [nodeName = ''] = ground.nodes
      const reference = await startRegistry(ground, nodeName)
      const volumes = [{ name: 'image', image: { reference, pullPolicy: 'Always' } }]
      const container = { volumeMounts: [{ name: 'image', mountPath: '/image' }] }
      await ground.start(scriptPod('shows', forever, { container, spec: { nodeName, volumes } }))
      await ground.ready('shows')
      expect(await ground.shell('shows', 'cat /image/data/kitten.txt')).toBe('meow\n')
    },
}
