import type { ChildProcess } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { layOut, type RegistryOptions, registryProgram } from '../e2e/support/registry.ts'
import { busybox, lacksContainers, suiteName } from '../e2e/support/requirements.ts'
import { listen } from '../e2e/support/run.ts'
import { until } from '../e2e/support/until.ts'
import { agents, containerds, FaultGround, forever } from './support/fault-ground.ts'

const port = 5_099
const stallsAfter = 100_000

describe.skipIf(lacksContainers.length > 0)(
  suiteName('an image registry that goes away', lacksContainers),
  () => {
    let ground: FaultGround

    beforeAll(async () => {
      ground = await FaultGround.create()
    })
    afterAll(() => ground?.dispose())

    const serve = (folder: string, options: RegistryOptions): ChildProcess =>
      ground.machine.start([process.execPath, '-e', registryProgram(folder, options)])

    const during = [
      { what: 'the registry goes', patterns: [] },
      { what: 'the registry and the agent go', patterns: [agents] },
      { what: 'the registry and containerd go', patterns: [containerds] },
    ]

    test.each(during)(
      '$what in the middle of a pull: it is pulled once the registry is back',
      async (row) => {
        const index = during.indexOf(row)
        const name = `127.0.0.1:${port}/late:${index}`
        const files = [
          { path: 'bin/sh', mode: 0o755, content: readFileSync(busybox ?? '') },
          { path: 'which', mode: 0o644, content: Buffer.from(String(index)) },
        ]
        const links = ['sleep'].map((each) => ({ path: `bin/${each}`, target: '/bin/sh' }))
        const folder = await layOut(ground.machine, `late-${index}`, { name, files, links })
        const stalling = serve(folder, { port, stallsAfter })
        const said = listen(stalling)
        const lines = (count: number) => async (): Promise<boolean> =>
          said().stdout.trim().split('\n').length >= count
        await until('it listens', lines(1))
        const container = { name: 'main', image: name, command: ['/bin/sh', '-c', forever] }
        await ground.create('late', '', { containers: [container] })
        await until('its layer is asked for', lines(3))
        stalling.kill('SIGKILL')
        if (row.patterns.length > 0) ground.kill(...row.patterns)
        await ground.create('steady', forever)
        await ground.podWhen('late', 'waits for its image', ({ status }) =>
          ['ErrImagePull', 'ImagePullBackOff'].includes(
            status?.containerStatuses?.[0]?.state?.waiting?.reason ?? '',
          ),
        )
        await ground.running('steady')
        const well = serve(folder, { port })
        const late = await ground.running('late')
        expect(late.restartCount).toBe(0)
        well.kill('SIGKILL')
        await ground.delete('late', 'steady')
        await ground.gone('late', 'steady')
        await ground.nothingLeft()
      },
    )
  },
)
