import { pageBytes } from './wasm-job.ts'

const memorySection = 5
/** Of wasm32, in pages: what a module has that names no maximum. */
const mostPages = 65_536

interface Number32 {
  readonly value: number
  readonly end: number
}

/** An unsigned number in LEB128, which is how modules write all of theirs. */
function readNumber(bytes: Uint8Array, start: number): Number32 {
  let value = 0
  for (let at = start; at < start + 5; at++) {
    const byte = bytes[at]
    if (byte === undefined) break
    value += (byte & 0x7f) * 2 ** (7 * (at - start))
    if (byte < 0x80) return { value, end: at + 1 }
  }
  throw new Error('the module is cut off')
}

export function numberBytes(value: number): readonly number[] {
  const bytes: number[] = []
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return [...bytes, rest]
    bytes.push((rest % 128) + 128)
  }
}

/** Where the section of memories is; undefined where there is none. */
function findMemories(
  bytes: Uint8Array,
): { readonly start: number; readonly body: number; readonly end: number } | undefined {
  for (let at = 8; at < bytes.length; ) {
    const { value: size, end: body } = readNumber(bytes, at + 1)
    if (bytes[at] === memorySection) return { start: at, body, end: body + size }
    at = body + size
  }
  return undefined
}

/**
 * The module with a memory that cannot grow over `limitBytes`; 'too-large' where it begins with more. A module without a
 * memory of its own stays as it is.
 * https://webassembly.github.io/spec/core/binary/modules.html#memory-section
 */
export function limitMemory(module: Uint8Array, limitBytes: number): Uint8Array | 'too-large' {
  const section = findMemories(module)
  if (section === undefined) return module
  const limitPages = Math.floor(limitBytes / pageBytes)
  const count = readNumber(module, section.body)
  if (count.value !== 1) return module
  const flags = module[count.end] ?? 0
  const least = readNumber(module, count.end + 1)
  const most = (flags & 1) === 1 ? readNumber(module, least.end).value : mostPages
  if (least.value > limitPages) return 'too-large'
  const body = [1, flags | 1, ...numberBytes(least.value), ...numberBytes(Math.min(most, limitPages))]
  const made = [memorySection, ...numberBytes(body.length), ...body]
  const out = new Uint8Array(section.start + made.length + module.length - section.end)
  out.set(module.subarray(0, section.start))
  out.set(made, section.start)
  out.set(module.subarray(section.end), section.start + made.length)
  return out
}
