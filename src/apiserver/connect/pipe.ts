import type { ByteSink } from '../response.ts'

const drained = (sink: ByteSink): Promise<void> =>
  new Promise((resolve) => {
    sink.onDrain(resolve)
    sink.onClose(resolve)
  })

/** Writes `bytes`, waiting where the sink is full. */
export async function writeAll(sink: ByteSink, bytes: Uint8Array): Promise<void> {
  if (!sink.write(bytes)) await drained(sink)
}

/** Copies one way until the source ends, then ends the sink; a source that breaks breaks the sink. */
export async function pipe(source: AsyncIterable<Uint8Array>, sink: ByteSink): Promise<void> {
  try {
    for await (const bytes of source) await writeAll(sink, bytes)
    sink.end()
  } catch {
    sink.destroy()
  }
}
