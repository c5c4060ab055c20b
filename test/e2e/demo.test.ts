import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { Machine, root } from './support/machine.ts'
import { isRoot, lacksContainers, lacksSetpriv, suiteName } from './support/requirements.ts'
import { listen } from './support/run.ts'
import { until } from './support/until.ts'

const command = [join(root, 'node_modules/.bin/node'), join(root, 'examples/demo/demo.ts')]
const timeoutMs = 120_000
const nobody = 65_534

let machine: Machine | undefined
afterEach(async () => {
  await machine?.dispose()
  machine = undefined
})

describe.skipIf(lacksContainers.length > 0)(
  suiteName('npm run demo, with real containers', lacksContainers),
  () => {
    test('walks all its steps and leaves nothing behind', async () => {
      machine = await Machine.create({ network: true })
      const before = await machine.traces()
      const { code, stdout, stderr } = await machine.run([...command, machine.dataDirectory], { timeoutMs })
      expect(
        { code, stderr, failed: stdout.split('\n').filter((line) => line.includes('✗')) },
        stdout,
      ).toEqual({
        code: 0,
        stderr: '',
        failed: [],
      })
      expect(stdout).toMatch(/requests meanwhile.*none failed/)
      expect(await machine.traces()).toEqual(before)
    })

    test('leaves nothing behind when it is interrupted', async () => {
      machine = await Machine.create({ network: true })
      const before = await machine.traces()
      const demo = machine.start([...command, machine.dataDirectory])
      const said = listen(demo)
      const ended = once(demo, 'exit')
      await until('nodes are Ready', async () => said().stdout.includes('✓ nodes are Ready'))
      expect(machine.pids(/^containerd --config /)).toHaveLength(1)
      demo.kill('SIGINT')
      expect(await ended, said().stdout).toEqual([1, null])
      expect(said().stdout).toContain('✓ stop the cluster')
      expect(existsSync(machine.dataDirectory)).toBe(false)
      expect(await machine.traces()).toEqual(before)
    })
  },
)

describe.skipIf(lacksSetpriv.length > 0)(suiteName('npm run demo, without root', lacksSetpriv), () => {
  test('says that pods are simulated and walks the same steps', async () => {
    machine = await Machine.create({ network: false })
    const home = machine.folder
    if (isRoot) await machine.succeed(['chown', String(nobody), home])
    // May read everything, for the project may lie in a home that is closed to others.
    const reading = ['--inh-caps', '-all,+dac_read_search', '--ambient-caps', '-all,+dac_read_search']
    const as = ['setpriv', '--reuid', String(nobody), '--regid', String(nobody), '--clear-groups', ...reading]
    const env = { PATH: process.env['PATH'], HOME: home, XDG_DATA_HOME: join(home, 'share'), TMPDIR: home }
    const { code, stdout, stderr } = await machine.run([...(isRoot ? as : []), ...command], {
      timeoutMs,
      env,
    })
    expect({ code, stderr }, stdout).toEqual({ code: 0, stderr: '' })
    expect(stdout).toContain('pods are simulated')
    expect(stdout).not.toContain('✗')
  })
})
