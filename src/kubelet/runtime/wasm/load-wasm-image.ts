import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { gunzipSync } from 'node:zlib'
import { extract } from 'tar-stream'
import { isRecord } from '../../../base/is-record.ts'
import type { WasmImageRecord } from './wasm-images.ts'

/** What is larger is no module's image, and is not read into memory. */
const maxArchiveBytes = 128 * 1024 * 1024
const magic = Buffer.from('\0asm', 'latin1')
const isModule = (data: Buffer): boolean => data.subarray(0, 4).equals(magic)

/** Its files; none where they are too large. */
async function untar(source: Readable): Promise<ReadonlyMap<string, Buffer>> {
  const files = new Map<string, Buffer>()
  let total = 0
  const entries = source.pipe(extract())
  for await (const entry of entries) {
    const chunks: Buffer[] = []
    for await (const chunk of entry) {
      const data: Buffer = Buffer.isBuffer(chunk) ? chunk : Buffer.from([])
      total += data.length
      if (total > maxArchiveBytes) return new Map()
      chunks.push(data)
    }
    if (entry.header.type === 'file') files.set(join('/', entry.header.name), Buffer.concat(chunks))
  }
  return files
}

const objectsOf = (value: unknown): readonly Readonly<Record<string, unknown>>[] =>
  Array.isArray(value) ? value.filter(isRecord) : []
const textsOf = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.filter((each) => typeof each === 'string') : []
const objectOf = (value: unknown): Readonly<Record<string, unknown>> => (isRecord(value) ? value : {})

/** The content of an OCI layout (https://github.com/opencontainers/image-spec/blob/main/image-layout.md). */
class Layout {
  readonly #files: ReadonlyMap<string, Buffer>

  constructor(files: ReadonlyMap<string, Buffer>) {
    this.#files = files
  }

  json(path: string): Readonly<Record<string, unknown>> {
    const file = this.#files.get(path)
    return file === undefined ? {} : objectOf(JSON.parse(file.toString()))
  }

  blob(digest: unknown): Buffer | undefined {
    return this.#files.get(`/blobs/${String(digest).replace(':', '/')}`)
  }

  object(digest: unknown): Readonly<Record<string, unknown>> {
    const blob = this.blob(digest)
    return blob === undefined ? {} : objectOf(JSON.parse(blob.toString()))
  }
}

/** Path → module: a layer that is one, or what a layer of files holds. */
async function modulesOf(
  layout: Layout,
  layers: readonly Readonly<Record<string, unknown>>[],
  path: string,
): Promise<ReadonlyMap<string, Buffer>> {
  const modules = new Map<string, Buffer>()
  for (const { digest } of layers) {
    const blob = layout.blob(digest)
    if (blob === undefined) throw new Error(`the archive does not hold its layer ${String(digest)}`)
    if (isModule(blob)) modules.set(path, blob)
    else {
      const layer = blob[0] === 0x1f && blob[1] === 0x8b ? gunzipSync(blob) : blob
      for (const [name, data] of await untar(Readable.from([layer])))
        if (isModule(data)) modules.set(name, data)
    }
  }
  return modules
}

/**
 * Puts the images of an OCI archive that are WASI modules into a directory for `WasmImages`; their names. None where
 * the archive holds none: an entrypoint that ends in `.wasm`, the architecture `wasm`, or a layer that is a module.
 */
export async function loadWasmImage(archive: string, directory: string): Promise<readonly string[]> {
  const layout = new Layout(await untar(createReadStream(archive)))
  const names: string[] = []
  await mkdir(directory, { recursive: true })
  for (const described of objectsOf(layout.json('/index.json').manifests)) {
    const manifest = layout.object(described.digest)
    const { digest: configDigest } = objectOf(manifest.config)
    const image = layout.object(configDigest)
    const config = objectOf(image.config)
    const [entrypoint, command] = [textsOf(config.Entrypoint), textsOf(config.Cmd)]
    const program = [...entrypoint, ...command][0] ?? '/module.wasm'
    const modules = await modulesOf(layout, objectsOf(manifest.layers), join('/', program))
    const isWasm = image.architecture === 'wasm' || program.endsWith('.wasm')
    const annotations = objectOf(described.annotations)
    const name = annotations['io.containerd.image.name'] ?? annotations['org.opencontainers.image.ref.name']
    if (!isWasm || modules.size === 0 || typeof name !== 'string') continue
    const files: Record<string, string> = {}
    for (const [path, data] of modules) {
      files[path] = `${createHash('sha256').update(data).digest('hex')}.wasm`
      await writeWhole(join(directory, files[path] ?? ''), data)
    }
    const record: WasmImageRecord = {
      name,
      digest: String(configDigest),
      entrypoint: entrypoint.length + command.length === 0 ? [program] : entrypoint,
      command,
      environment: Object.fromEntries(
        textsOf(config.Env).map((pair) => [pair.split('=')[0] ?? '', pair.slice(pair.indexOf('=') + 1)]),
      ),
      modules: files,
      size: [...modules.values()].reduce((sum, { length }) => sum + length, 0),
    }
    await writeWhole(
      join(directory, `${record.digest.replace(/^sha256:/, '')}.json`),
      Buffer.from(JSON.stringify(record)),
    )
    names.push(name)
  }
  return names
}

/** Whoever reads meanwhile sees the file before or after, never half of it. */
async function writeWhole(path: string, data: Buffer): Promise<void> {
  await writeFile(`${path}.new`, data)
  await rename(`${path}.new`, path)
}
