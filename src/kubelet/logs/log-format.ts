/** One entry of a container's log as container runtimes write it (KEP: CRI logging format): time, stream, tags, text. */
export interface LogEntry {
  /** RFC 3339 with nanoseconds. */
  readonly time: string
  readonly stream: 'stdout' | 'stderr'
  /** The text goes on in the next entry. */
  readonly partial: boolean
  /** With the line's end unless it is partial. */
  readonly text: Uint8Array
}

const space = 0x20
const newline = 0x0a
const decoder = new TextDecoder()

/** Reads one line, given with its end; undefined for what is none. */
export function parseLogLine(line: Uint8Array): LogEntry | undefined {
  const first = line.indexOf(space)
  const second = line.indexOf(space, first + 1)
  const third = line.indexOf(space, second + 1)
  if (first < 0 || second < 0 || third < 0) return undefined
  const stream = decoder.decode(line.subarray(first + 1, second))
  if (stream !== 'stdout' && stream !== 'stderr') return undefined
  const [tag = ''] = decoder.decode(line.subarray(second + 1, third)).split(':')
  const partial = tag === 'P'
  const text = line.subarray(third + 1)
  const ended = text.at(-1) === newline
  return {
    time: decoder.decode(line.subarray(0, first)),
    stream,
    partial,
    text: partial && ended ? text.subarray(0, -1) : text,
  }
}
