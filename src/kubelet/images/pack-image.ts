import { createHash } from 'node:crypto'
import { pack } from 'tar-stream'
import type { Architecture } from './pause-elf.ts'

/** One file of an image. Directories above it are made. */
export interface ImageFile {
  /** Without a slash in front: `bin/busybox`. */
  readonly path: string
  readonly mode: number
  readonly content: Uint8Array
}

/** Another name for a file of the image. */
export interface ImageLink {
  readonly path: string
  readonly target: string
}

export interface ImageRecipe {
  /** With registry and tag: `docker.io/library/web:1`. */
  readonly name: string
  /** `wasm`: modules of WASI. */
  readonly architecture: Architecture | 'wasm'
  readonly files: readonly ImageFile[]
  readonly links?: readonly ImageLink[]
  /** Empty directories: `tmp` with mode 0o1777. */
  readonly directories?: readonly { readonly path: string; readonly mode: number }[]
  readonly entrypoint?: readonly string[]
  readonly command?: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
  readonly user?: string
  readonly workingDirectory?: string
}

interface TarEntry {
  readonly name: string
  readonly type: 'file' | 'directory' | 'symlink'
  readonly mode: number
  readonly content?: Uint8Array
  readonly target?: string
}

const sha256 = (data: Uint8Array): string => `sha256:${createHash('sha256').update(data).digest('hex')}`

/** Times are zero, so that the same recipe makes the same image. */
async function tar(entries: readonly TarEntry[]): Promise<Buffer> {
  const archive = pack()
  for (const { name, type, mode, content, target } of entries) {
    const header = {
      name,
      type,
      mode,
      mtime: new Date(0),
      ...(target === undefined ? {} : { linkname: target }),
    }
    archive.entry(header, Buffer.from(content ?? new Uint8Array()))
  }
  archive.finalize()
  const chunks: Buffer[] = []
  for await (const chunk of archive) if (chunk instanceof Uint8Array) chunks.push(Buffer.from(chunk))
  return Buffer.concat(chunks)
}

function layerEntries({ files, links = [], directories = [] }: ImageRecipe): readonly TarEntry[] {
  const made = new Map(directories.map(({ path, mode }) => [path, mode]))
  for (const { path } of [...files, ...links]) {
    const parts = path.split('/').slice(0, -1)
    for (let depth = 1; depth <= parts.length; depth++) {
      const parent = parts.slice(0, depth).join('/')
      if (!made.has(parent)) made.set(parent, 0o755)
    }
  }
  return [
    ...[...made].sort().map(([path, mode]) => ({ name: `${path}/`, type: 'directory' as const, mode })),
    ...files.map(({ path, mode, content }) => ({ name: path, type: 'file' as const, mode, content })),
    ...links.map(({ path, target }) => ({ name: path, type: 'symlink' as const, mode: 0o777, target })),
  ]
}

const osOf = ({ architecture }: ImageRecipe): string => (architecture === 'wasm' ? 'wasip1' : 'linux')

/** An image as an OCI archive (https://github.com/opencontainers/image-spec/blob/main/image-layout.md) that containerd, podman and others import. */
export async function packImage(recipe: ImageRecipe): Promise<Buffer> {
  const layer = await tar(layerEntries(recipe))
  const { entrypoint, command, environment = {}, user, workingDirectory } = recipe
  const config = Buffer.from(
    JSON.stringify({
      created: new Date(0).toISOString(),
      architecture: recipe.architecture,
      os: osOf(recipe),
      config: {
        Env: Object.entries({ PATH: '/usr/local/bin:/usr/bin:/bin:/sbin', ...environment }).map(
          ([key, value]) => `${key}=${value}`,
        ),
        ...(entrypoint === undefined ? {} : { Entrypoint: entrypoint }),
        ...(command === undefined ? {} : { Cmd: command }),
        ...(user === undefined ? {} : { User: user }),
        ...(workingDirectory === undefined ? {} : { WorkingDir: workingDirectory }),
      },
      rootfs: { type: 'layers', diff_ids: [sha256(layer)] },
      history: [{ created: new Date(0).toISOString(), created_by: 'timonel' }],
    }),
  )
  const descriptor = (mediaType: string, data: Buffer): object => ({
    mediaType: `application/vnd.oci.image.${mediaType}`,
    digest: sha256(data),
    size: data.length,
  })
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      config: descriptor('config.v1+json', config),
      layers: [descriptor('layer.v1.tar', layer)],
    }),
  )
  const index = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      manifests: [
        {
          ...descriptor('manifest.v1+json', manifest),
          platform: { architecture: recipe.architecture, os: osOf(recipe) },
          annotations: {
            'io.containerd.image.name': recipe.name,
            'org.opencontainers.image.ref.name': recipe.name.replace(/^.*:/, ''),
          },
        },
      ],
    }),
  )
  const file = (name: string, content: Buffer): TarEntry => ({ name, type: 'file', mode: 0o644, content })
  const blob = (data: Buffer): TarEntry => file(`blobs/${sha256(data).replace(':', '/')}`, data)
  return tar([
    file('oci-layout', Buffer.from('{"imageLayoutVersion":"1.0.0"}')),
    file('index.json', index),
    blob(manifest),
    blob(config),
    blob(layer),
  ])
}
