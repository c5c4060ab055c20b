import type { ByteSink } from '../../base/byte-sink.ts'
import { SinkWriter } from '../../base/sink-writer.ts'

/** Copies one way until the source ends, then ends the sink; a source that breaks breaks the sink. */
export async function pipe(source: AsyncIterable<Uint8Array>, sink: ByteSink): Promise<void> {
  const writer = new SinkWriter(sink)
  try {
    for await (const bytes of source) await writer.write(bytes)
    writer.end()
  } catch {
    writer.destroy()
  }
}
