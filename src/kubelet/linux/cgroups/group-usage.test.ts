import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { groupUsage } from './group-usage.ts'
import { interfacesOf } from './linux-usage.ts'

let root = ''
afterEach(() => rm(root, { recursive: true }))

async function tree(files: Readonly<Record<string, string>>): Promise<string> {
  root = await mkdtemp(join(tmpdir(), 'timonel-groups-'))
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true })
    await writeFile(join(root, path), `${text}\n`)
  }
  return root
}

test('groupUsage() reads the hierarchies of version 1', async () => {
  const mountPoint = await tree({
    'cpuacct/a/cpuacct.usage': '5000000000',
    'cpuacct/a/cpuacct.stat': 'user 300\nsystem 200',
    'cpu/a/cpu.stat': 'nr_periods 10\nnr_throttled 2\nthrottled_time 7000',
    'memory/a/memory.usage_in_bytes': '1000',
    'memory/a/memory.stat': 'rss 1\ntotal_rss 400\ntotal_cache 500\ntotal_inactive_file 300\ntotal_pgfault 7',
    'memory/a/memory.limit_in_bytes': '9223372036854771712',
    'memory/a/memory.oom_control': 'oom_kill_disable 0\nunder_oom 0\noom_kill 3',
    'pids/a/pids.current': '4',
  })
  expect(await groupUsage({ mountPoint, isV2: false }, '/a')).toMatchObject({
    cpuNanos: 5e9,
    cpuUserNanos: 3e9,
    throttling: { periods: 10, throttledPeriods: 2, throttledNanos: 7000 },
    memory: { usageBytes: 1000, workingSetBytes: 700, rssBytes: 400, pageFaults: 7 },
    processes: 4,
    oomKills: 3,
  })
  expect((await groupUsage({ mountPoint, isV2: false }, '/a'))?.memory.limitBytes).toBeUndefined()
  expect(await groupUsage({ mountPoint, isV2: false }, '/b')).toBeUndefined()
})

test('groupUsage() reads the one hierarchy of version 2', async () => {
  const mountPoint = await tree({
    'a/cpu.stat': 'usage_usec 5000\nuser_usec 3000\nsystem_usec 2000\nnr_periods 1\nthrottled_usec 9',
    'a/memory.current': '1000',
    'a/memory.stat': 'anon 400\nfile 500\ninactive_file 300\npgfault 7',
    'a/memory.max': '2000',
    'a/memory.swap.current': '5',
    'a/memory.swap.max': 'max',
    'a/memory.events': 'max 6\noom_kill 3',
    'a/cpu.pressure':
      'some avg10=1.50 avg60=0.00 avg300=0.00 total=42\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=7',
  })
  expect(await groupUsage({ mountPoint, isV2: true }, '/a')).toMatchObject({
    cpuNanos: 5e6,
    memory: { workingSetBytes: 700, rssBytes: 400, limitBytes: 2000, limitHits: 6 },
    swap: { usageBytes: 5 },
    oomKills: 3,
    stalls: { cpu: { some: { avg10: 1.5, totalUs: 42 }, full: { totalUs: 7 } } },
  })
})

test('interfacesOf() leaves out the loopback and the other ends of pods’ interfaces', async () => {
  await tree({})
  const lines = [
    'Inter-|   Receive',
    ' face |bytes',
    '    lo: 1 1 0 0 0 0 0 0 1 1 0 0 0 0 0 0',
    ' veth1: 1 1 0 0 0 0 0 0 1 1 0 0 0 0 0 0',
  ]
  const text = [...lines, '  eth0:10 2 3 4 0 0 0 0 20 5 6 7 0 0 0 0'].join('\n')
  expect(interfacesOf(text)).toEqual([
    {
      name: 'eth0',
      received: { bytes: 10, packets: 2, errors: 3, dropped: 4 },
      sent: { bytes: 20, packets: 5, errors: 6, dropped: 7 },
    },
  ])
})
