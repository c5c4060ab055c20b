/** A call of WASI: numbers in, an error number out. */
export type WasiCall = (...args: readonly (number | bigint)[]) => number

const errno = { success: 0, readOnly: 69 } as const
/** Bits of what a file is opened for: to be written, allocated, given another size. */
const writingRights = (1n << 6n) | (1n << 8n) | (1n << 22n)
/** Create, truncate. */
const writingFlags = 0b1001

/** Calls that change what is below a directory, by the places of directories among their arguments. */
const changes: Readonly<Record<string, readonly number[]>> = {
  path_create_directory: [0],
  path_filestat_set_times: [0],
  path_link: [0, 4],
  path_remove_directory: [0],
  path_rename: [0, 3],
  path_symlink: [2],
  path_unlink_file: [0],
  fd_allocate: [0],
  fd_filestat_set_size: [0],
  fd_filestat_set_times: [0],
}

/**
 * WASI's calls where the directories of `readOnly`, and what is opened below them, are not to be written: Node's own
 * know no such directories. `readNumber` reads four bytes of the module's memory.
 */
export function readOnlyCalls(
  native: Readonly<Record<string, WasiCall>>,
  readOnly: ReadonlySet<number>,
  readNumber: (address: number) => number,
): Readonly<Record<string, WasiCall>> {
  if (readOnly.size === 0) return {}
  const fixed = new Set(readOnly)
  const calls: Record<string, WasiCall> = {}
  for (const [name, places] of Object.entries(changes)) {
    const call = native[name]
    if (call === undefined) continue
    calls[name] = (...args) =>
      places.some((place) => fixed.has(Number(args[place]))) ? errno.readOnly : call(...args)
  }
  calls.path_open = (...args) => {
    const inFixed = fixed.has(Number(args[0]))
    const [flags, rights] = [Number(args[4]), BigInt(args[5] ?? 0)]
    if (inFixed && ((flags & writingFlags) !== 0 || (rights & writingRights) !== 0n)) return errno.readOnly
    const result = native.path_open?.(...args) ?? errno.readOnly
    if (result === errno.success && inFixed) fixed.add(readNumber(Number(args[8])))
    return result
  }
  calls.fd_close = (...args) => {
    if (!readOnly.has(Number(args[0]))) fixed.delete(Number(args[0]))
    return native.fd_close?.(...args) ?? errno.success
  }
  calls.fd_renumber = (...args) => {
    const [from, to] = args.map(Number)
    const result = native.fd_renumber?.(...args) ?? errno.success
    if (result === errno.success && from !== undefined && to !== undefined) {
      if (fixed.has(from)) fixed.add(to)
      else fixed.delete(to)
    }
    return result
  }
  return calls
}
