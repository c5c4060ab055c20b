import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Image } from '../messages.ts'

/** A module and what an image says of it. */
export interface WasmImage {
  readonly entrypoint: readonly string[]
  readonly command: readonly string[]
  readonly environment: Readonly<Record<string, string>>
  /** The module of that path; undefined where there is none. */
  read(path: string): Promise<Uint8Array | undefined>
}

/** What is kept of an image beside its module. */
export interface WasmImageRecord {
  /** With registry and tag. */
  readonly name: string
  /** `sha256:…` of its configuration. */
  readonly digest: string
  readonly entrypoint: readonly string[]
  readonly command: readonly string[]
  readonly environment: Readonly<Record<string, string>>
  /** Path in the image → name of the file that holds the module. */
  readonly modules: Readonly<Record<string, string>>
  readonly size: number
}

/** The image without anything, for modules that come in volumes. */
const scratch: WasmImageRecord = {
  name: 'docker.io/library/scratch:latest',
  digest: `sha256:${'0'.repeat(64)}`,
  entrypoint: [],
  command: [],
  environment: {},
  modules: {},
  size: 0,
}

const withRegistry = (name: string): string => {
  const [first = '', ...rest] = name.split('/')
  if (rest.length === 0) return `docker.io/library/${name}`
  return /[.:]|^localhost$/.test(first) ? name : `docker.io/${name}`
}

/** Images of WASI modules that were loaded into a directory. Nothing is fetched from registries. */
export class WasmImages {
  readonly #directory: string

  constructor(directory: string) {
    this.#directory = directory
  }

  async list(): Promise<readonly Image[]> {
    return (await this.#records()).map(viewOf)
  }

  /** By name or digest. */
  async find(reference: string): Promise<Image | undefined> {
    const record = await this.#record(reference)
    return record && viewOf(record)
  }

  async open(reference: string): Promise<WasmImage | undefined> {
    const record = await this.#record(reference)
    return (
      record && {
        ...record,
        read: async (path) => {
          const file = record.modules[join('/', path)]
          return file === undefined ? undefined : readFile(join(this.#directory, file))
        },
      }
    )
  }

  async remove(reference: string): Promise<void> {
    const record = await this.#record(reference)
    if (record === undefined || record === scratch) return
    const kept = (await this.#records()).filter((each) => each.digest !== record.digest)
    const used = new Set(kept.flatMap(({ modules }) => Object.values(modules)))
    for (const file of [`${record.digest.slice(7)}.json`, ...Object.values(record.modules)])
      if (!used.has(file)) await rm(join(this.#directory, file), { force: true })
  }

  async #record(reference: string): Promise<WasmImageRecord | undefined> {
    const name = withRegistry(reference)
    return [scratch, ...(await this.#records())].find(
      (record) => record.digest === reference || record.name === name || record.name === reference,
    )
  }

  async #records(): Promise<readonly WasmImageRecord[]> {
    const files = (await readdir(this.#directory).catch(() => [])).filter((file) => file.endsWith('.json'))
    const texts = files.map((file) => readFile(join(this.#directory, file), 'utf8').catch(() => undefined))
    return (await Promise.all(texts)).flatMap((text) => (text === undefined ? [] : [parseRecord(text)]))
  }
}

/** Our own file, written whole. */
const parseRecord = (text: string): WasmImageRecord => JSON.parse(text)

const viewOf = ({ name, digest, size }: WasmImageRecord): Image => ({
  id: digest,
  repoTags: [name],
  repoDigests: [],
  size,
  username: '',
})
