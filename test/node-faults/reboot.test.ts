import { randomUUID } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Node } from '../../src/api/core/node/kind.ts'
import { lacksContainers, suiteName } from '../e2e/support/requirements.ts'
import { until } from '../e2e/support/until.ts'
import { FaultGround, forever, nodeName } from './support/fault-ground.ts'

/** Ends all processes of the cluster, and takes away what a machine has in memory only. */
async function switchOff({ machine, paths }: FaultGround): Promise<void> {
  await until('all processes have ended', async () => {
    const pids = machine.pids(/^/)
    for (const pid of pids) process.kill(pid, 'SIGKILL')
    return pids.length === 0
  })
  const traces = await machine.traces()
  const of = (kind: string): readonly string[] =>
    traces.filter((trace) => trace.startsWith(`${kind} `)).map((trace) => trace.slice(kind.length + 1))
  for (const path of of('mount').toSorted().toReversed()) await machine.run(['umount', '--lazy', path])
  for (const path of of('namespace')) {
    await machine.run(['umount', path])
    await machine.run(['rm', '-f', path])
  }
  for (const path of of('group'))
    await machine.run(['find', path, '-depth', '-type', 'd', '-exec', 'rmdir', '{}', '+'])
  await machine.run(['nft', 'flush', 'ruleset'])
  for (const link of of('link')) {
    const [name = ''] = link.split(/[ @]/)
    if (!['lo', 'uplink'].includes(name)) await machine.run(['ip', 'link', 'del', name])
  }
  await machine.run(['rm', '-rf', join(paths.containerdState, 'state')])
}

describe.skipIf(lacksContainers.length > 0)(suiteName('a reboot of a node', lacksContainers), () => {
  let ground: FaultGround

  beforeAll(async () => {
    ground = await FaultGround.create()
  })
  afterAll(() => ground?.dispose())

  test('pods start over in new sandboxes, what ran tells so, and what was over stays over', async () => {
    await ground.create('steady', forever)
    await ground.create('once', forever, { restartPolicy: 'Never' })
    await ground.create('done', 'exit 0', { restartPolicy: 'Never' })
    await ground.create('retrying', forever, { restartPolicy: 'OnFailure' })
    await ground.create('leaving', 'trap "" TERM; sleep 10000', { terminationGracePeriodSeconds: 60 })
    const before = await ground.running('steady')
    for (const name of ['once', 'retrying', 'leaving']) await ground.running(name)
    await ground.phase('done', 'Succeeded')
    await ground.delete('leaving')
    await ground.create('coming', forever)
    await switchOff(ground)

    const bootId = randomUUID()
    const file = join(ground.machine.folder, 'boot_id')
    writeFileSync(file, `${bootId}\n`)
    const other = `mount --bind ${file} /proc/sys/kernel/random/boot_id && exec "$@"`
    await ground.upInside(['unshare', '--mount', 'sh', '-c', other, '--'])

    const after = await ground.running('steady', ({ restartCount }) => restartCount === 1)
    expect(after.containerID).not.toBe(before.containerID)
    expect(after.lastState?.terminated).toMatchObject({ exitCode: 255, reason: 'Unknown' })
    await ground.running('retrying', ({ restartCount }) => restartCount === 1)
    await ground.running('coming')
    await ground.gone('leaving')
    const once = await ground.phase('once', 'Failed')
    expect(once.status?.containerStatuses?.[0]?.state?.terminated).toMatchObject({
      exitCode: 255,
      reason: 'Unknown',
    })
    const done = await ground.get('done')
    expect(done.status?.phase).toBe('Succeeded')
    expect(done.status?.containerStatuses?.[0]?.restartCount).toBe(0)
    const node = await ground.client.resource(Node).get('', nodeName)
    expect(node.status?.nodeInfo?.bootID).toBe(bootId)
    await until('the node says so', async () =>
      (await ground.events('Node', nodeName)).includes(
        `Rebooted: Node ${nodeName} has been rebooted, boot id: ${bootId}`,
      ),
    )
    expect(await ground.events('Pod', 'steady')).toContain(
      'SandboxChanged: Pod sandbox changed, it will be killed and re-created.',
    )
    const names = ['steady', 'once', 'done', 'retrying', 'coming']
    await ground.delete(...names)
    await ground.gone(...names)
    await ground.nothingLeft()
  })
})
