import { WASI } from 'node:wasi'
import { parentPort, workerData } from 'node:worker_threads'
import { limitMemory } from './limit-memory.ts'
import { readOnlyCalls, type WasiCall } from './read-only-calls.ts'
import { maxPendingBytes, sharedNumbers, type WasmJob } from './wasm-job.ts'
import type { WasmMemory } from './web-assembly.ts'

// One thread for one run: the module has it for itself, and is killed with it.

/** What the thread says: output, and last how it ended. */
export type WasmSaid =
  | { readonly stream: 'stdout' | 'stderr'; readonly data: Uint8Array }
  | { readonly exitCode: number; readonly outOfMemory: boolean }

const errno = { success: 0, badFile: 8, invalid: 28 } as const
const abortCode = 134
const killCode = 137

const job: WasmJob = workerData
const shared = new Int32Array(job.shared)
let memory: WasmMemory = new WebAssembly.Memory({ initial: 0 })

const say = (said: WasmSaid): void => parentPort?.postMessage(said)

const view = (): DataView => {
  Atomics.store(shared, sharedNumbers.pages, memory.buffer.byteLength / 65_536)
  return new DataView(memory.buffer)
}

function write(stream: 'stdout' | 'stderr', data: Uint8Array): void {
  for (let pending = Atomics.load(shared, sharedNumbers.pending); pending > maxPendingBytes; ) {
    Atomics.wait(shared, sharedNumbers.pending, pending, 100)
    pending = Atomics.load(shared, sharedNumbers.pending)
  }
  Atomics.add(shared, sharedNumbers.pending, data.length)
  say({ stream, data })
}

/** Takes what a list of buffers in the module's memory holds. */
function gather(list: number, count: number): Uint8Array {
  const data = view()
  const parts = Array.from({ length: count }, (_, index) => {
    const at = list + index * 8
    return new Uint8Array(memory.buffer, data.getUint32(at, true), data.getUint32(at + 4, true))
  })
  return Uint8Array.from(Buffer.concat(parts))
}

const clockRealtime = 0
const subscriptionBytes = 48
const eventBytes = 32

interface Waiting {
  readonly index: number
  readonly atMs: number
}

const nowMs = (clock: number): number =>
  clock === clockRealtime ? Date.now() : Number(process.hrtime.bigint()) / 1e6

/** How long each subscription waits; files are ready at once. */
function waitings(list: number, count: number): readonly Waiting[] {
  const data = view()
  return Array.from({ length: count }, (_, index) => {
    const at = list + index * subscriptionBytes
    if (data.getUint8(at + 8) !== 0) return { index, atMs: 0 }
    const timeoutMs = Number(data.getBigUint64(at + 24, true)) / 1e6
    const absolute = (data.getUint16(at + 40, true) & 1) === 1
    return { index, atMs: absolute ? timeoutMs - nowMs(data.getUint32(at + 16, true)) : timeoutMs }
  })
}

/** Waits so that the thread can be killed meanwhile: Node's own wait cannot be. */
function poll(list: number, out: number, count: number, countOut: number): number {
  if (count === 0) return errno.invalid
  const all = waitings(list, count)
  const least = Math.max(Math.min(...all.map(({ atMs }) => atMs)), 0)
  if (least > 0) Atomics.wait(shared, sharedNumbers.never, 0, least)
  const ready = all.filter(({ atMs }) => atMs <= least)
  const data = view()
  for (const [place, { index }] of ready.entries()) {
    const [from, to] = [list + index * subscriptionBytes, out + place * eventBytes]
    new Uint8Array(memory.buffer).fill(0, to, to + eventBytes)
    data.setBigUint64(to, data.getBigUint64(from, true), true)
    data.setUint8(to + 10, data.getUint8(from + 8))
  }
  data.setUint32(countOut, ready.length, true)
  return errno.success
}

/** Node's own, but for the streams, which are the container's and not this process's, and for waiting. */
function ownCalls(native: Readonly<Record<string, WasiCall>>): Readonly<Record<string, WasiCall>> {
  const readOnly = new Set(job.directories.flatMap((each, index) => (each.readonly ? [index + 3] : [])))
  const writeTo: WasiCall = (fd = 0, list = 0, count = 0, out = 0) => {
    const data = gather(Number(list), Number(count))
    write(fd === 1 ? 'stdout' : 'stderr', data)
    view().setUint32(Number(out), data.length, true)
    return errno.success
  }
  return {
    ...readOnlyCalls(native, readOnly, (address) => view().getUint32(address, true)),
    fd_write: (...args) =>
      args[0] === 1 || args[0] === 2 ? writeTo(...args) : (native.fd_write?.(...args) ?? errno.badFile),
    fd_read: (...args) => {
      if (args[0] !== 0) return native.fd_read?.(...args) ?? errno.badFile
      view().setUint32(Number(args[3]), 0, true)
      return errno.success
    },
    poll_oneoff: (list = 0, out = 0, count = 0, countOut = 0) =>
      poll(Number(list), Number(out), Number(count), Number(countOut)),
  }
}

/** A trap with more than half of the memory in use: what the module asked for last was more than it may have. */
const isFull = (): boolean => job.limitBytes !== undefined && memory.buffer.byteLength * 2 > job.limitBytes

async function run(): Promise<WasmSaid> {
  const module = job.limitBytes === undefined ? job.module : limitMemory(job.module, job.limitBytes)
  if (module === 'too-large') return { exitCode: killCode, outOfMemory: true }
  const wasi = new WASI({
    version: 'preview1',
    args: [...job.argv],
    env: { ...job.environment },
    preopens: Object.fromEntries(job.directories.map(({ guestPath, hostPath }) => [guestPath, hostPath])),
    returnOnExit: true,
  })
  const native: Readonly<Record<string, WasiCall>> = { ...wasi.wasiImport }
  const imports = { wasi_snapshot_preview1: { ...native, ...ownCalls(native) } }
  const { instance } = await WebAssembly.instantiate(Uint8Array.from(module), imports)
  if (instance.exports.memory instanceof WebAssembly.Memory) memory = instance.exports.memory
  view()
  try {
    return { exitCode: wasi.start(instance), outOfMemory: false }
  } catch (error) {
    view()
    if (!(error instanceof WebAssembly.RuntimeError) && !(error instanceof RangeError)) throw error
    if (isFull()) return { exitCode: killCode, outOfMemory: true }
    write('stderr', new TextEncoder().encode(`the module trapped: ${error.message}\n`))
    return { exitCode: abortCode, outOfMemory: false }
  }
}

run().then(say, (error: unknown) => {
  write('stderr', new TextEncoder().encode(`${String(error)}\n`))
  say({ exitCode: abortCode, outOfMemory: false })
})
