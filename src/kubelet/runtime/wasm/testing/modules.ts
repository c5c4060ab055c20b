import { code, moduleBytes, word } from './module-bytes.ts'

const { load, store, drop, trap, forever, when, isNegative, grow } = code

/** A wait of so long, as poll_oneoff takes it, at 100. */
const wait = (ns: number): Readonly<Record<number, readonly number[]>> => ({
  116: word(1),
  124: word(ns % 2 ** 32),
  128: word(Math.floor(ns / 2 ** 32)),
})

/** Writes what a pair of calls gives of arguments or variables, with zero bytes between. */
const written = (what: 'args' | 'environ'): Uint8Array =>
  moduleBytes({
    data: { 8: word(2000) },
    start: (wasi) => [
      [...(wasi[`${what}_sizes_get`]?.(0, 4) ?? []), ...drop],
      [...(wasi[`${what}_get`]?.(1000, 2000) ?? []), ...drop],
      store(12, load(4)),
      [...(wasi.fd_write?.(1, 8, 1, 16) ?? []), ...drop],
    ],
  })

/** Modules of tests, by the names of their files. */
export const modules = {
  'arguments.wasm': written('args'),
  'environment.wasm': written('environ'),
  /** Says hello, and reads what standard input has: nothing. */
  'hello.wasm': moduleBytes({
    data: { 8: [...word(100), ...word(6)], 24: [...word(200), ...word(1)], 100: 'hello\n' },
    start: (wasi) => [
      [...(wasi.fd_write?.(1, 8, 1, 16) ?? []), ...drop],
      [...(wasi.fd_write?.(2, 8, 1, 16) ?? []), ...drop],
      [...(wasi.fd_read?.(0, 24, 1, 40) ?? []), ...drop],
      wasi.proc_exit?.(load(40)) ?? [],
    ],
  }),
  /** Writes a file into the first directory it has; ends with the error number of opening it. */
  'file.wasm': moduleBytes({
    data: { 8: [...word(100), ...word(7)], 100: 'written', 120: 'out.txt' },
    start: (wasi) => [
      store(400, wasi.path_open?.(3, 0, 120, 7, 1, 64n, 0n, 0, 200) ?? []),
      [...load(400), ...when(wasi.proc_exit?.(load(400)) ?? [])],
      [...(wasi.fd_write?.(load(200), 8, 1, 300) ?? []), ...drop],
    ],
  }),
  'busy.wasm': moduleBytes({ start: () => [forever()] }),
  'sleeping.wasm': moduleBytes({
    data: wait(1_000_000_000_000),
    start: (wasi) => [forever([...(wasi.poll_oneoff?.(100, 200, 1, 300) ?? []), ...drop])],
  }),
  'failing.wasm': moduleBytes({
    data: wait(500_000_000),
    start: (wasi) => [[...(wasi.poll_oneoff?.(100, 200, 1, 300) ?? []), ...drop], wasi.proc_exit?.(3) ?? []],
  }),
  'trap.wasm': moduleBytes({ start: () => [trap] }),
  /** Takes memory until there is none, and traps. */
  'greedy.wasm': moduleBytes({ start: () => [forever(grow, isNegative, when(trap))] }),
} as const
