import { mkdir, mkdtemp, readdir, readFile, readlink, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { core } from '../../api/generated/types/index.ts'
import { whyNoContainers } from '../containerd/testing/containerd-bench.ts'
import { unmountBelow } from '../linux/mounts.ts'
import { writeAtomically } from './atomic-writer.ts'
import { prepareHostPath } from './host-path.ts'
import { type Payload, type PayloadFile, type PayloadInput, volumePayload } from './payload.ts'
import { bindSubPath, readInVolume } from './sub-path.ts'

let directory: string

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'timonel-volumes-'))
})
afterEach(() => rm(directory, { recursive: true, force: true }))

const file = (text: string, mode = 0o644): PayloadFile => ({ content: new TextEncoder().encode(text), mode })
const nothing = async (): Promise<void> => {}

describe('volumePayload()', () => {
  const input: PayloadInput = {
    pod: {
      metadata: { name: 'p', namespace: 'ns', labels: { app: 'web' } },
      spec: { containers: [{ name: 'c', resources: { limits: { cpu: '500m' } } }] },
    },
    objects: {
      configMap: async (_, name) =>
        name === 'settings' ? { data: { a: 'A', b: 'B' }, binaryData: { c: btoa('C') } } : undefined,
      secret: async (_, name) => (name === 'keys' ? { data: { key: btoa('sword') } } : undefined),
    },
    place: { hostIps: [], podIps: [], allocatable: {} },
    token: async (_, { audience }) => `token for ${audience}`,
    trustAnchors: async ({ name }) => `anchors of ${name}`,
    credentials: (_, volume, source) => ({ key: `key ${volume} ${source} `, chain: 'chain' }),
  }
  const show = async (volume: Omit<core.v1.Volume, 'name'>): Promise<Record<string, string>> => {
    const payload = await volumePayload(input, { name: 'v', ...volume })
    const text = ({ content, mode }: PayloadFile): string =>
      `${new TextDecoder().decode(content)} ${mode.toString(8)}`
    return Object.fromEntries([...(payload ?? [])].map(([path, item]) => [path, text(item)]))
  }

  test('shows all keys, or the chosen ones under their paths and modes', async () => {
    expect(await show({ configMap: { name: 'settings' } })).toEqual({ a: 'A 644', b: 'B 644', c: 'C 644' })
    const items = [{ key: 'a', path: 'deep/file', mode: 0o400 }]
    expect(await show({ configMap: { name: 'settings', items } })).toEqual({ 'deep/file': 'A 400' })
    expect(await show({ secret: { secretName: 'keys', defaultMode: 0o600 } })).toEqual({ key: 'sword 600' })
    expect(await show({ secret: { secretName: 'none', optional: true } })).toEqual({})
  })

  test('projects several sources into one volume', async () => {
    const sources: readonly core.v1.VolumeProjection[] = [
      { serviceAccountToken: { path: 'token', audience: 'api' } },
      { configMap: { name: 'settings', items: [{ key: 'a', path: 'ca.crt' }] } },
      { downwardAPI: { items: [{ path: 'labels', fieldRef: { fieldPath: 'metadata.labels' } }] } },
      {
        downwardAPI: {
          items: [
            { path: 'cpu', resourceFieldRef: { containerName: 'c', resource: 'limits.cpu', divisor: '1m' } },
          ],
        },
      },
    ]
    const signed = { signerName: 'example.com/s', keyType: 'ED25519' }
    const all = [
      ...sources,
      { clusterTrustBundle: { name: 'own', path: 'anchors' } },
      { podCertificate: { ...signed, credentialBundlePath: 'bundle' } },
      { podCertificate: { ...signed, keyPath: 'key', certificateChainPath: 'chain' } },
    ]
    expect(await show({ projected: { sources: all } })).toEqual({
      token: 'token for api 644',
      'ca.crt': 'A 644',
      labels: 'app="web" 644',
      cpu: '500 644',
      anchors: 'anchors of own 644',
      bundle: 'key v 5 chain 644',
      key: 'key v 6  644',
      chain: 'chain 644',
    })
  })

  test.each<[Omit<core.v1.Volume, 'name'>, string]>([
    [{ configMap: { name: 'none' } }, 'configmap "none" not found'],
    [{ secret: { secretName: 'none' } }, 'secret "none" not found'],
    [
      { configMap: { name: 'settings', items: [{ key: 'z', path: 'z' }] } },
      'configmap references non-existent config key: z',
    ],
    [
      { secret: { secretName: 'keys', items: [{ key: 'z', path: 'z' }] } },
      'references non-existent secret key: z',
    ],
    [{ configMap: { name: 'settings', items: [{ key: 'a', path: '../a' }] } }, "must not contain '..'"],
  ])('says what is wrong (%#)', async (volume, message) => {
    await expect(volumePayload(input, { name: 'v', ...volume })).rejects.toThrow(message)
  })

  test('a token belongs to the one user that runs there', async () => {
    const volume = { name: 'v', projected: { sources: [{ serviceAccountToken: { path: 'token' } }] } }
    const ownership = async (securityContext: core.v1.PodSecurityContext) => {
      const pod: core.v1.Pod = { spec: { containers: [{ name: 'c' }], securityContext } }
      const { mode, uid } = (await volumePayload({ ...input, pod }, volume))?.get('token') ?? {}
      return { mode, uid }
    }
    expect(await ownership({ runAsUser: 1000 })).toEqual({ mode: 0o600, uid: 1000 })
    expect(await ownership({ runAsUser: 1000, fsGroup: 2000 })).toEqual({ mode: 0o600, uid: 1000 })
    expect(await ownership({ fsGroup: 2000 })).toEqual({ mode: 0o600, uid: undefined })
    expect(await ownership({})).toEqual({ mode: 0o644, uid: undefined })
  })
})

describe('writeAtomically()', () => {
  const visible = async (): Promise<readonly string[]> =>
    (await readdir(directory)).filter((name) => !name.startsWith('..'))

  test('writes files behind one link that is swapped, and cleans up', async () => {
    const first: Payload = new Map([
      ['a', file('one', 0o400)],
      ['deep/b', file('two')],
    ])
    expect(await writeAtomically(directory, first, nothing)).toBe(true)
    expect(await readFile(join(directory, 'deep/b'), 'utf8')).toBe('two')
    expect((await stat(join(directory, 'a'))).mode & 0o777).toBe(0o400)
    const before = await readlink(join(directory, '..data'))
    expect(await writeAtomically(directory, first, nothing)).toBe(false)
    expect(await readlink(join(directory, '..data'))).toBe(before)
    const second: Payload = new Map([['a', file('three')]])
    expect(await writeAtomically(directory, second, nothing)).toBe(true)
    expect(await readFile(join(directory, 'a'), 'utf8')).toBe('three')
    expect(await visible()).toEqual(['a'])
    expect((await readdir(directory)).length).toBe(3)
  })

  test('what could not be written leaves the volume as it was, and what a killed agent had begun goes', async () => {
    const first: Payload = new Map([['a', file('one')]])
    await writeAtomically(directory, first, nothing)
    const full = async (): Promise<void> => {
      throw new Error('no space left on device')
    }
    await expect(writeAtomically(directory, new Map([['a', file('two')]]), full)).rejects.toThrow('no space')
    expect(await readFile(join(directory, 'a'), 'utf8')).toBe('one')
    expect((await readdir(directory)).length).toBe(3)
    await mkdir(join(directory, '..2026_01_01_00_00_00.begun'))
    await writeAtomically(directory, new Map([['a', file('three')]]), nothing)
    expect(await readFile(join(directory, 'a'), 'utf8')).toBe('three')
    expect((await readdir(directory)).length).toBe(3)
  })

  test('an empty payload is an empty volume', async () => {
    await writeAtomically(directory, new Map(), nothing)
    expect(await visible()).toEqual([])
  })
})

describe('prepareHostPath()', () => {
  test('makes what it is asked to make', async () => {
    await prepareHostPath(join(directory, 'a/b'), 'DirectoryOrCreate')
    await prepareHostPath(join(directory, 'c/d'), 'FileOrCreate')
    expect((await stat(join(directory, 'a/b'))).isDirectory()).toBe(true)
    expect((await stat(join(directory, 'c/d'))).isFile()).toBe(true)
  })

  test.each(['Directory', 'File', 'Socket', 'CharDevice', 'BlockDevice'])(
    'refuses a missing %s',
    async (type) => {
      await expect(prepareHostPath('/nowhere/at-all', type)).rejects.toThrow('hostPath type check failed')
    },
  )
})

test('readInVolume() follows links, but none that leads out of the volume', async () => {
  const volume = join(directory, 'volume')
  await mkdir(volume)
  await writeFile(join(directory, 'secret'), 'of the node')
  await writeFile(join(volume, 'file'), 'content')
  await symlink('file', join(volume, 'link'))
  await symlink('../secret', join(volume, 'escape'))
  expect(await readInVolume(volume, 'link')).toBe('content')
  await expect(readInVolume(volume, 'escape')).rejects.toThrow('leads out of its volume')
  await expect(readInVolume(volume, '../secret')).rejects.toThrow('leads out of its volume')
})

describe.skipIf(whyNoContainers !== '')(`bindSubPath() ${whyNoContainers}`, () => {
  afterEach(() => unmountBelow(directory))

  test('binds files and directories of the volume, and makes what is missing', async () => {
    const volume = join(directory, 'volume')
    await mkdir(volume)
    await writeFile(join(volume, 'file'), 'content')
    await bindSubPath(volume, 'file', join(directory, 'targets/0'))
    expect(await readFile(join(directory, 'targets/0'), 'utf8')).toBe('content')
    await bindSubPath(volume, 'new/deep', join(directory, 'targets/1'))
    await writeFile(join(directory, 'targets/1/x'), 'y')
    expect(await readFile(join(volume, 'new/deep/x'), 'utf8')).toBe('y')
  })

  test('does not follow links out of the volume', async () => {
    const volume = join(directory, 'volume')
    await mkdir(volume)
    await symlink('/etc', join(volume, 'escape'))
    await expect(bindSubPath(volume, 'escape', join(directory, 'targets/0'))).rejects.toThrow()
    await expect(bindSubPath(volume, 'escape/new', join(directory, 'targets/1'))).rejects.toThrow()
  })
})
