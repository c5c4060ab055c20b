import { expect } from 'vitest'
import type { Json } from '../support/api.ts'
import type { ContainerGround } from '../support/container-ground.ts'
import { forever, scripted, scriptPod } from '../support/pods.ts'
import type { Behave, Table } from '../support/suite.ts'

interface Resources {
  readonly requests?: Readonly<Record<string, string>>
  readonly limits?: Readonly<Record<string, string>>
}

interface Resized {
  readonly from: Resources
  readonly to: Resources
}

/** What the kernel holds the container to: quota in microseconds of each 100 ms, and bytes; -1 is no limit. */
const kernelLimits = `
if [ -e /sys/fs/cgroup/cpu.max ]; then
  read quota period < /sys/fs/cgroup/cpu.max; read memory < /sys/fs/cgroup/memory.max
else
  quota=$(cat /sys/fs/cgroup/cpu/cpu.cfs_quota_us); memory=$(cat /sys/fs/cgroup/memory/memory.limit_in_bytes)
fi
echo $quota $memory`

/** A limit of memory that is none, as cgroup v1 has it. */
const noMemoryLimit = 2 ** 62

function expectedLimits({ limits = {} }: Resources): readonly [quota: number, bytes: number] {
  const cpu = limits['cpu'] === undefined ? -1 : Number.parseInt(limits['cpu'], 10) * 100
  const memory = limits['memory'] === undefined ? -1 : Number.parseInt(limits['memory'], 10) * 2 ** 20
  // The kernel takes no quota below a millisecond.
  return [cpu === -1 ? -1 : Math.max(cpu, 1_000), memory]
}

const readLimits = (text: string): readonly number[] =>
  text
    .trim()
    .split(' ')
    .map((word) => (word === 'max' ? -1 : Number(word)))
    .map((value) => (value > noMemoryLimit ? -1 : value))

interface ContainerResources {
  readonly name: string
  readonly restartCount?: number
  readonly resources?: Resources
}

const listed = (value: unknown): readonly ContainerResources[] => JSON.parse(JSON.stringify(value ?? []))

/** Spec, status and kernel show them, and no container has been restarted. */
const shows = (ground: ContainerGround, name: string, expected: readonly Resources[]) =>
  ground.eventually(async () => {
    const { metadata, spec, status } = await ground.pod(name)
    expect(listed(spec['containers']).map(({ resources }) => resources)).toEqual(expected)
    const statuses = listed(status.containerStatuses)
    expect(statuses.map(({ resources, restartCount }) => [resources, restartCount])).toEqual(
      expected.map((resources) => [resources, 0]),
    )
    expect(status['observedGeneration']).toBe(JSON.parse(JSON.stringify(metadata)).generation)
    expect(status.conditions?.filter(({ type }) => type.startsWith('PodResize'))).toEqual([])
    for (const [index, { name: container }] of statuses.entries()) {
      const limits = readLimits(await ground.shell(name, kernelLimits, { container }))
      expect(limits).toEqual(expectedLimits(expected[index] ?? {}))
    }
  })

async function start(ground: ContainerGround, resources: readonly Resources[]): Promise<string> {
  const containers = resources.map((each, index) => scripted(`c${index + 1}`, forever, { resources: each }))
  const name = await ground.start(scriptPod('resized', '', { spec: { containers } }))
  await ground.ready(name)
  await shows(ground, name, resources)
  return name
}

const resize = (ground: ContainerGround, name: string, to: readonly Resources[]): Promise<Json> =>
  ground.api.patch(
    `${ground.path(`pods/${name}`)}/resize`,
    { spec: { containers: to.map((resources, index) => ({ name: `c${index + 1}`, resources })) } },
    'application/strategic-merge-patch+json',
  )

/** To the wanted resources and, where that adds none, back again. */
const resizes =
  (rows: readonly Resized[], back = true): Behave<ContainerGround> =>
  async (ground) => {
    const from = rows.map((row) => row.from)
    const to = rows.map((row) => row.to)
    const name = await start(ground, from)
    await resize(ground, name, to)
    await shows(ground, name, to)
    if (!back) return
    await resize(ground, name, from)
    await shows(ground, name, from)
  }

const replaces: Behave<ContainerGround> = async (ground) => {
  const from = { requests: { cpu: '20m', memory: '20Mi' } }
  const to = { requests: { cpu: '30m', memory: '40Mi' } }
  const name = await start(ground, [from])
  const path = ground.path(`pods/${name}`)
  const updated = await ground.eventually(async () => {
    const live = await ground.api.get(path)
    const containers = listed(live.spec?.['containers']).map((each) => ({ ...each, resources: to }))
    return ground.api.update(`${path}/resize`, { ...live, spec: { ...live.spec, containers } })
  })
  expect(updated.metadata).toMatchObject({ generation: 2 })
  await shows(ground, name, [to])
  await ground.eventually(async () =>
    expect(await ground.api.get(`${path}/resize`)).toEqual(await ground.api.get(path)),
  )
}

/** Requests and limits alike. */
const both = (cpu: string, memory: string): Resources => ({
  requests: { cpu, memory },
  limits: { cpu, memory },
})

const requests = (of: Readonly<Record<string, string>>): Resources => ({ requests: of })

/** Three containers of a guaranteed pod; each differs a little from the others. */
const guaranteed = (...to: readonly Resources[]): Behave<ContainerGround> => {
  const from = [both('20m', '20Mi'), both('22m', '22Mi'), both('24m', '24Mi')]
  return resizes(from.map((each, index) => ({ from: each, to: to[index] ?? each })))
}

const title = '[sig-node] Pod InPlace Resize Container'
const three = (what: string) =>
  `${title} guaranteed pods with multiple containers 3 containers - ${what} [MinimumKubeletVersion:1.34]`

/** Resources of running containers. */
export const nodeResize: Table<ContainerGround> = {
  [three('increase cpu & mem on c1, c2, decrease cpu & mem on c3 - net increase')]: guaranteed(
    both('30m', '40Mi'),
    both('32m', '42Mi'),
    both('19m', '19Mi'),
  ),
  [three('increase cpu & mem on c1, decrease cpu & mem on c2, c3 - net decrease')]: guaranteed(
    both('30m', '40Mi'),
    both('17m', '17Mi'),
    both('19m', '19Mi'),
  ),
  [three('increase: CPU (c1,c3), memory (c2, c3) ; decrease: CPU (c2)')]: guaranteed(
    both('30m', '20Mi'),
    both('17m', '42Mi'),
    both('34m', '44Mi'),
  ),
  [`${title} burstable pods - extended 6 containers - various operations performed (including adding limits and requests) [MinimumKubeletVersion:1.34]`]:
    resizes(
      [
        {
          from: requests({ cpu: '20m' }),
          to: { requests: { cpu: '30m' }, limits: { cpu: '40m' } },
        },
        {
          from: requests({ memory: '20Mi' }),
          to: { requests: { memory: '15Mi' }, limits: { memory: '50Mi' } },
        },
        { from: requests({ cpu: '20m', memory: '20Mi' }), to: requests({ cpu: '20m', memory: '15Mi' }) },
        { from: requests({ cpu: '20m' }), to: requests({ cpu: '15m', memory: '20Mi' }) },
        { from: requests({ memory: '20Mi' }), to: requests({ cpu: '20m', memory: '40Mi' }) },
      ],
      false,
    ),
  [`${title} burstable pods - extended resize with equivalents [MinimumKubeletVersion:1.34]`]: resizes([
    {
      from: { requests: { cpu: '2m' }, limits: { cpu: '10m' } },
      to: { requests: { cpu: '1m' }, limits: { cpu: '5m' } },
    },
  ]),
  [`${title} resize pod via the replace endpoint [MinimumKubeletVersion:1.34]`]: replaces,
}
