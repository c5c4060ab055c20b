import { numberBytes } from '../limit-memory.ts'

type Type = 'i32' | 'i64'

/** A function of WASI, by the types of its parameters; all give an error number but `proc_exit`, which never returns. */
const signatures: Readonly<Record<string, readonly Type[]>> = {
  args_get: ['i32', 'i32'],
  args_sizes_get: ['i32', 'i32'],
  environ_get: ['i32', 'i32'],
  environ_sizes_get: ['i32', 'i32'],
  fd_write: ['i32', 'i32', 'i32', 'i32'],
  fd_read: ['i32', 'i32', 'i32', 'i32'],
  path_open: ['i32', 'i32', 'i32', 'i32', 'i32', 'i64', 'i64', 'i32', 'i32'],
  poll_oneoff: ['i32', 'i32', 'i32', 'i32'],
  proc_exit: ['i32'],
}

const codes = { i32: 0x7f, i64: 0x7e } as const
const vector = (items: readonly (readonly number[])[]): readonly number[] => [
  ...numberBytes(items.length),
  ...items.flat(),
]
const section = (id: number, body: readonly number[]): readonly number[] => [
  id,
  ...numberBytes(body.length),
  ...body,
]
const text = (name: string): readonly number[] => {
  const bytes = [...new TextEncoder().encode(name)]
  return [...numberBytes(bytes.length), ...bytes]
}

/** A signed number in LEB128. */
function signed(value: bigint): readonly number[] {
  const bytes: number[] = []
  for (let rest = value; ; rest >>= 7n) {
    const low = Number(rest & 0x7fn)
    if ((rest >> 7n === 0n && (low & 0x40) === 0) || (rest >> 7n === -1n && (low & 0x40) !== 0))
      return [...bytes, low]
    bytes.push(low | 0x80)
  }
}

/** Instructions, as bytes. https://webassembly.github.io/spec/core/binary/instructions.html */
export const code = {
  number: (value: number): readonly number[] => [0x41, ...signed(BigInt(value))],
  long: (value: bigint): readonly number[] => [0x42, ...signed(value)],
  /** Reads four bytes. */
  load: (address: number): readonly number[] => [...code.number(address), 0x28, 2, 0],
  /** Writes four bytes there. */
  store: (address: number, value: readonly number[]): readonly number[] => [
    ...code.number(address),
    ...value,
    0x36,
    2,
    0,
  ],
  drop: [0x1a],
  trap: [0x00],
  /** Repeats for ever. */
  forever: (...body: readonly (readonly number[])[]): readonly number[] => [
    0x03,
    0x40,
    ...body.flat(),
    0x0c,
    0,
    0x0b,
  ],
  /** Does it where the number on the stack is not 0. */
  when: (...body: readonly (readonly number[])[]): readonly number[] => [0x04, 0x40, ...body.flat(), 0x0b],
  isNegative: [0x41, 0, 0x48],
  /** By one page; the size before, or -1. */
  grow: [0x41, 1, 0x40, 0],
} as const

export type Calls = Readonly<
  Record<string, (...args: readonly (number | bigint | readonly number[])[]) => readonly number[]>
>

export interface ModuleRecipe {
  /** Address → bytes or text there. */
  readonly data?: Readonly<Record<number, string | readonly number[]>>
  readonly pages?: number
  /** Of `_start`; results of calls stay on the stack and must be dropped. */
  readonly start: (wasi: Calls) => readonly (readonly number[])[]
}

/** A WASI command, written byte by byte. */
export function moduleBytes({ data = {}, pages = 1, start }: ModuleRecipe): Uint8Array {
  const names = Object.keys(signatures)
  const calls = Object.fromEntries(
    names.map((name, index) => [
      name,
      (...args: readonly (number | bigint | readonly number[])[]): readonly number[] => [
        ...args.flatMap((arg) =>
          typeof arg === 'number' ? code.number(arg) : typeof arg === 'bigint' ? code.long(arg) : arg,
        ),
        0x10,
        index,
      ],
    ]),
  )
  const types = names.map((name) => [
    0x60,
    ...vector((signatures[name] ?? []).map((type) => [codes[type]])),
    ...(name === 'proc_exit' ? [0] : [1, codes.i32]),
  ])
  const imports = names.map((name, index) => [...text('wasi_snapshot_preview1'), ...text(name), 0, index])
  const body = [0, ...start(calls).flat(), 0x0b]
  const segments = Object.entries(data).map(([address, held]) => {
    const bytes = typeof held === 'string' ? [...new TextEncoder().encode(held)] : held
    return [0, ...code.number(Number(address)), 0x0b, ...numberBytes(bytes.length), ...bytes]
  })
  return Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, vector([...types, [0x60, 0, 0]])),
    ...section(2, vector(imports)),
    ...section(3, vector([[names.length]])),
    ...section(5, vector([[0, ...numberBytes(pages)]])),
    ...section(
      7,
      vector([
        [...text('_start'), 0, names.length],
        [...text('memory'), 2, 0],
      ]),
    ),
    ...section(10, vector([[...numberBytes(body.length), ...body]])),
    ...section(11, vector(segments)),
  ])
}

/** Four bytes of a number. */
export const word = (value: number): readonly number[] => [
  value & 255,
  (value >> 8) & 255,
  (value >> 16) & 255,
  value >>> 24,
]
