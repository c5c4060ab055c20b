import { expect } from 'vitest'
import type { ContainerGround } from '../support/container-ground.ts'
import { forever, scripted, scriptPod } from '../support/pods.ts'
import type { Behave, Table } from '../support/suite.ts'
import { createAll, follows, mountingPod, type Needed, show, shows } from './volumes.ts'

interface Content {
  readonly items?: readonly { readonly key: string; readonly path: string; readonly mode?: number }[]
  readonly defaultMode?: number
  readonly optional?: boolean
}

/** What brings an object's data into a volume. */
interface Source {
  /** In names of behaviours. */
  readonly title: string
  readonly resource: 'configmaps' | 'secrets'
  volume(name: string, content?: Content): object
  /** How this source's names put it. */
  readonly words: { readonly itemMode: string; readonly multiple: string }
}

const configMapWords = { itemMode: 'Item mode', multiple: 'the same pod' }
const secretWords = { itemMode: 'Item Mode', multiple: 'a pod' }

const projected = (source: object, { defaultMode }: Content): object => ({
  projected: { sources: [source], ...(defaultMode === undefined ? {} : { defaultMode }) },
})

const configMap: Source = {
  title: 'ConfigMap',
  resource: 'configmaps',
  words: configMapWords,
  volume: (name, content = {}) => ({ configMap: { name, ...content } }),
}
const secret: Source = {
  title: 'Secrets',
  resource: 'secrets',
  words: secretWords,
  volume: (secretName, content = {}) => ({ secret: { secretName, ...content } }),
}
const projectedConfigMap: Source = {
  title: 'Projected configMap',
  resource: 'configmaps',
  words: configMapWords,
  volume: (name, { defaultMode, ...content } = {}) =>
    projected({ configMap: { name, ...content } }, defaultMode === undefined ? {} : { defaultMode }),
}
const projectedSecret: Source = {
  title: 'Projected secret',
  resource: 'secrets',
  words: secretWords,
  volume: (name, { defaultMode, ...content } = {}) =>
    projected({ secret: { name, ...content } }, defaultMode === undefined ? {} : { defaultMode }),
}

const data = { 'data-1': 'value-1\n', 'data-2': 'value-2\n', 'data-3': 'value-3\n' }

const encoded = (values: Readonly<Record<string, string>>): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(values).map(([key, value]) => [key, Buffer.from(value).toString('base64')]),
  )

/** The object's fields that hold it. */
const holding = ({ resource }: Source, values: Readonly<Record<string, string>>): object => ({
  data: resource === 'secrets' ? encoded(values) : values,
})

const needed = (source: Source, name = 'o', values: Readonly<Record<string, string>> = data): Needed => ({
  resource: source.resource,
  object: { metadata: { name }, ...holding(source, values) },
})

const nonRoot = { runAsUser: 1000 }
const at = '/etc/volume'
const mapped = [{ key: 'data-2', path: 'path/to/data-2' }]

/** A change of the object, its end and its beginning, as three volumes of a running pod see it. */
const optionalUpdates = (source: Source): Behave<ContainerGround> =>
  follows(
    {
      needs: [needed(source, 'ends'), needed(source, 'changes')],
      mounts: {
        '/etc/ends': source.volume('ends', { optional: true }),
        '/etc/changes': source.volume('changes', { optional: true }),
        '/etc/begins': source.volume('begins', { optional: true }),
      },
    },
    async ({ api, path }, sees) => {
      await sees('cat /etc/ends/data-1; cat /etc/changes/data-1; ls /etc/begins', 'value-1\nvalue-1\n')
      await api.delete(path(`${source.resource}/ends`))
      await api.patch(path(`${source.resource}/changes`), holding(source, { 'data-3': 'other\n' }))
      const begins = { metadata: { name: 'begins' }, ...holding(source, { 'data-1': 'new\n' }) }
      await api.create(path(source.resource), begins)
      await sees('ls /etc/ends; cat /etc/changes/data-3 /etc/begins/data-1', 'other\nnew\n')
    },
  )

function sourceRows(source: Source): Table<ContainerGround> {
  const { title, words } = source
  const named = (what: string) => `[sig-storage] ${title} ${what}`
  const rows = (what: string, content: Content, script: string, says: string, securityContext?: object) => ({
    [named(what)]: shows({
      needs: [needed(source)],
      mounts: { [at]: source.volume('o', content) },
      script,
      says,
      ...(securityContext === undefined ? {} : { securityContext }),
    }),
  })
  const one = show(`${at}/data-1`)
  const two = show(`${at}/path/to/data-2`)
  return {
    ...rows('should be consumable from pods in volume [NodeConformance]', {}, one, '-rw-r--r--\nvalue-1\n'),
    ...rows(
      'should be consumable from pods in volume with defaultMode set [LinuxOnly] [NodeConformance]',
      { defaultMode: 0o400 },
      one,
      '-r--------\nvalue-1\n',
    ),
    ...rows(
      'should be consumable from pods in volume with mappings [NodeConformance]',
      { items: mapped },
      `${two}; ls ${at}`,
      '-rw-r--r--\nvalue-2\npath\n',
    ),
    ...rows(
      `should be consumable from pods in volume with mappings and ${words.itemMode} set [LinuxOnly] [NodeConformance]`,
      { items: mapped.map((item) => ({ ...item, mode: 0o400 })) },
      two,
      '-r--------\nvalue-2\n',
    ),
    [named(`should be consumable in multiple volumes in ${words.multiple} [NodeConformance]`)]: shows({
      needs: [needed(source)],
      mounts: { '/etc/one': source.volume('o'), '/etc/two': source.volume('o') },
      script: 'cat /etc/one/data-1 /etc/two/data-1',
      says: 'value-1\nvalue-1\n',
    }),
    [named('optional updates should be reflected in volume [NodeConformance]')]: optionalUpdates(source),
  }
}

function configMapRows(source: Source): Table<ContainerGround> {
  const named = (what: string) => `[sig-storage] ${source.title} ${what} [NodeConformance]`
  const nonRootRow = (items: Content) =>
    shows({
      needs: [needed(source)],
      mounts: { [at]: source.volume('o', items) },
      script: `id -u; cat ${at}/${items.items === undefined ? 'data-2' : 'path/to/data-2'}`,
      securityContext: nonRoot,
      says: '1000\nvalue-2\n',
    })
  return {
    ...sourceRows(source),
    [named('should be consumable from pods in volume as non-root')]: nonRootRow({}),
    [named('should be consumable from pods in volume with mappings as non-root')]: nonRootRow({
      items: mapped,
    }),
    [named('updates should be reflected in volume')]: follows(
      { needs: [needed(source)], mounts: { [at]: source.volume('o') } },
      async ({ api, path }, sees) => {
        await sees(`cat ${at}/data-1`, 'value-1\n')
        await api.patch(path(`${source.resource}/o`), { data: { 'data-1': 'changed\n' } })
        await sees(`cat ${at}/data-1`, 'changed\n')
      },
    ),
  }
}

function secretRows(source: Source): Table<ContainerGround> {
  return {
    ...sourceRows(source),
    [`[sig-storage] ${source.title} should be consumable from pods in volume as non-root with defaultMode and fsGroup set [LinuxOnly] [NodeConformance]`]:
      shows({
        needs: [needed(source)],
        mounts: { [at]: source.volume('o', { defaultMode: 0o440 }) },
        script: `id -u; ${show(`${at}/data-1`)}`,
        securityContext: { runAsUser: 1000, fsGroup: 1001 },
        says: '1000\n-r--r-----\nvalue-1\n',
      }),
  }
}

const otherNamespace: Behave<ContainerGround> = async (ground) => {
  const other = `${ground.namespace}-other`
  await ground.api.create('/api/v1/namespaces', { metadata: { name: other } })
  await ground.api.create(`/api/v1/namespaces/${other}/secrets`, {
    metadata: { name: 'o' },
    ...holding(secret, { 'data-1': 'of the other\n' }),
  })
  await shows({
    needs: [needed(secret)],
    mounts: { [at]: secret.volume('o') },
    script: `cat ${at}/data-1`,
    says: 'value-1\n',
  })(ground)
  await ground.api.delete(`/api/v1/namespaces/${other}`)
}

/** Fifty volumes in each of five pods that start together. */
const manyVolumes: Behave<ContainerGround> = async (ground) => {
  const names = Array.from({ length: 50 }, (_, index) => `m-${index}`)
  await createAll(
    ground,
    names.map((name) => needed(configMap, name, { 'data-1': `${name}\n` })),
  )
  const mounts = Object.fromEntries(names.map((name) => [`/etc/${name}`, configMap.volume(name)]))
  const script = names.map((name) => `cat /etc/${name}/data-1`).join('; ')
  const said = await Promise.all(
    ['a', 'b', 'c', 'd', 'e'].map((name) => ground.output(mountingPod(name, { mounts, script }))),
  )
  for (const each of said) expect(each.trim().split('\n')).toEqual(names)
}

const subPath = (volume: object, path: string, says: string, mountPath = '/test-volume') =>
  shows({
    needs: [needed(configMap, 'c', { key: 'config\n' }), needed(secret, 's', { key: 'secret\n' })],
    mounts: { [mountPath]: volume },
    mount: { subPath: path },
    script: `test -f ${mountPath} && cat ${mountPath}`,
    says,
  })

const downwardName = { path: 'downward/podname', fieldRef: { fieldPath: 'metadata.name' } }

/** ConfigMaps and secrets as files. */
export const storageObjects: Table<ContainerGround> = {
  ...configMapRows(configMap),
  ...configMapRows(projectedConfigMap),
  ...secretRows(secret),
  ...secretRows(projectedSecret),
  '[sig-storage] ConfigMap binary data should be reflected in volume [NodeConformance]': shows({
    needs: [
      {
        resource: 'configmaps',
        object: { metadata: { name: 'o' }, data: { text: 'text' }, binaryData: { bytes: '3sr+ut4A/w==' } },
      },
    ],
    mounts: { [at]: configMap.volume('o') },
    script: `cat ${at}/text; od -An -tx1 ${at}/bytes`,
    says: 'text de ca fe ba de 00 ff\n',
  }),
  '[sig-storage] Secrets should be able to mount in a volume regardless of a different secret existing with same name in different namespace [NodeConformance]':
    otherNamespace,
  '[sig-storage] Projected combined should project all components that make up the projection API [Projection] [NodeConformance]':
    shows({
      needs: [needed(configMap, 'c', { c: 'config\n' }), needed(secret, 's', { s: 'secret\n' })],
      mounts: {
        '/all': {
          projected: {
            sources: [
              { configMap: { name: 'c' } },
              { secret: { name: 's', items: [{ key: 's', path: 'deep/s' }] } },
              { downwardAPI: { items: [{ path: 'name', fieldRef: { fieldPath: 'metadata.name' } }] } },
            ],
          },
        },
      },
      script: 'cat /all/c /all/deep/s /all/name',
      says: 'config\nsecret\nshows',
    }),
  '[sig-storage] EmptyDir wrapper volumes should not conflict': shows({
    needs: [needed(configMap, 'c'), needed(secret, 's')],
    mounts: { '/etc/c': configMap.volume('c'), '/etc/s': secret.volume('s') },
    script: 'cat /etc/c/data-1 /etc/s/data-2',
    says: 'value-1\nvalue-2\n',
  }),
  '[sig-storage] EmptyDir wrapper volumes should not cause race condition when used for configmaps [Serial]':
    manyVolumes,
  '[sig-storage] Subpath Atomic writer volumes should support subpaths with configmap pod': subPath(
    configMap.volume('c'),
    'key',
    'config\n',
  ),
  '[sig-storage] Subpath Atomic writer volumes should support subpaths with configmap pod with mountPath of existing file':
    subPath(configMap.volume('c'), 'key', 'config\n', '/etc/resolv.conf'),
  '[sig-storage] Subpath Atomic writer volumes should support subpaths with secret pod': subPath(
    secret.volume('s'),
    'key',
    'secret\n',
  ),
  '[sig-storage] Subpath Atomic writer volumes should support subpaths with downward pod': subPath(
    { downwardAPI: { items: [downwardName] } },
    'downward/podname',
    'shows',
  ),
  '[sig-storage] Subpath Atomic writer volumes should support subpaths with projected pod': subPath(
    { projected: { sources: [{ configMap: { name: 'c', items: [{ key: 'key', path: 'deep/key' }] } }] } },
    'deep/key',
    'config\n',
  ),
  '[sig-storage] EmptyDir volumes pod should support shared volumes between containers': async (ground) => {
    const volumeMounts = [{ name: 'shared', mountPath: '/shared' }]
    const spec = {
      volumes: [{ name: 'shared', emptyDir: {} }],
      containers: [
        scripted('main', forever, { volumeMounts }),
        scripted('writer', `echo hello > /mine/file; ${forever}`, {
          volumeMounts: [{ name: 'shared', mountPath: '/mine' }],
        }),
      ],
    }
    const name = await ground.start(scriptPod('both', '', { spec }))
    await ground.ready(name)
    await ground.eventually(async () =>
      expect(await ground.shell(name, 'cat /shared/file', { container: 'main' })).toBe('hello\n'),
    )
  },
}
