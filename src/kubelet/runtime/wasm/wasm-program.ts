import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { ContainerConfig, Mount } from '../messages.ts'
import { RuntimeError } from '../runtime.ts'
import type { WasmImage } from './wasm-images.ts'
import type { WasmJob } from './wasm-job.ts'
import type { CompiledModule } from './web-assembly.ts'

const isModule = (bytes: Uint8Array): boolean =>
  Buffer.from(bytes.subarray(0, 8)).equals(Buffer.from('\0asm\x01\0\0\0', 'latin1'))
const refuse = (text: string): never => {
  throw new RuntimeError('InvalidArgument', text)
}

/** Kubernetes' own files, which are of no use to a module. */
const ownFiles = (mount: Mount, terminationPath: string | undefined): boolean =>
  mount.containerPath === '/etc/hosts' || mount.containerPath === terminationPath

/** Under which of the mounts a path lies, the deepest first; undefined: under none. */
function inMount(path: string, mounts: readonly Mount[]): string | undefined {
  const fitting = mounts
    .filter(
      ({ containerPath }) =>
        path === containerPath || path.startsWith(`${containerPath.replace(/\/$/, '')}/`),
    )
    .toSorted((a, b) => b.containerPath.length - a.containerPath.length)
  const [mount] = fitting
  return mount && join(mount.hostPath, join('/', path.slice(mount.containerPath.length)))
}

async function directoriesOf(mounts: readonly Mount[]): Promise<WasmJob['directories']> {
  for (const { containerPath, hostPath } of mounts)
    if (!(await stat(hostPath)).isDirectory())
      refuse(`${containerPath} is a file: a WASI module opens directories only`)
  return mounts.map(({ containerPath, hostPath, readonly }) => ({
    guestPath: containerPath,
    hostPath,
    readonly,
  }))
}

async function moduleOf(name: string, image: WasmImage, mounts: readonly Mount[]): Promise<Uint8Array> {
  const mounted = inMount(name, mounts)
  if (mounted !== undefined)
    return readFile(mounted).catch(() => refuse(`no volume holds the module ${name}`))
  const own = await image.read(name)
  return own ?? refuse(`neither the image nor a volume holds the module ${JSON.stringify(name)}`)
}

/** What can be called. Throws RuntimeError for what is no module of WASI 0.1. */
async function check(name: string, bytes: Uint8Array): Promise<void> {
  if (Buffer.from(bytes.subarray(0, 4)).equals(Buffer.from('\0asm', 'latin1')) && bytes[6] === 1)
    refuse(`${name} is a component of WASI 0.2: modules of WASI 0.1 (wasm32-wasip1) run here`)
  if (!isModule(bytes)) refuse(`${name} is no WebAssembly module`)
  let module: CompiledModule
  try {
    module = await WebAssembly.compile(Uint8Array.from(bytes))
  } catch (error) {
    return refuse(`${name} cannot be compiled: ${error instanceof Error ? error.message : String(error)}`)
  }
  const strange = WebAssembly.Module.imports(module).find((each) => each.module !== 'wasi_snapshot_preview1')
  if (strange !== undefined)
    refuse(`${name} imports ${strange.module}.${strange.name}, which WASI 0.1 does not have`)
  const exported = new Set(WebAssembly.Module.exports(module).map((each) => each.name))
  for (const wanted of ['_start', 'memory'])
    if (!exported.has(wanted)) refuse(`${name} exports no ${wanted}: it is a library, not a command`)
}

/** What to run for a container: its module, found and checked, with what it gets. Rejects with RuntimeError. */
export async function wasmProgram(
  config: ContainerConfig,
  hostname: string,
  image: WasmImage,
  terminationPath: string | undefined,
): Promise<Omit<WasmJob, 'shared'>> {
  if (config.workingDir !== '') refuse('a WASI module has no working directory')
  if (config.tty || config.stdin) refuse('a WASI module has neither a terminal nor standard input here')
  const command = config.command.length > 0 ? config.command : image.entrypoint
  const args = config.args.length > 0 || config.command.length > 0 ? config.args : image.command
  const argv = [...command, ...args]
  const [name = ''] = argv
  if (name === '') refuse('neither the image nor the container says which module to run')
  const mounts = config.mounts.filter((mount) => !ownFiles(mount, terminationPath))
  const module = await moduleOf(name, image, mounts)
  await check(name, module)
  const decoder = new TextDecoder()
  const own = Object.fromEntries(config.envs.map(({ key, value }) => [key, decoder.decode(value)]))
  const limit = config.linux.resources.memoryLimitInBytes ?? 0
  return {
    module,
    argv,
    environment: { ...image.environment, HOSTNAME: hostname, ...own },
    directories: await directoriesOf(mounts),
    ...(limit > 0 ? { limitBytes: limit } : {}),
  }
}
