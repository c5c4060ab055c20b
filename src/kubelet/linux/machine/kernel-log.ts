import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import type { Host } from '../../../base/host.ts'

const path = '/dev/kmsg'
const lookEveryMs = 1_000
/** Longer than any record (`CONSOLE_EXT_LOG_MAX`). */
const recordBytes = 8 * 1024

/** One record; '' where there is none now. A record that was lost is passed over. Rejects where the log cannot be read. */
async function readRecord(file: FileHandle, buffer: Buffer): Promise<string> {
  try {
    const { bytesRead } = await file.read(buffer, 0, buffer.length, null)
    return buffer.toString('utf8', 0, bytesRead)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EAGAIN') return ''
    if (code === 'EPIPE') return readRecord(file, buffer)
    throw error
  }
}

/**
 * Calls back with each message that the kernel logs from now on, soon. Rejects where its log may not be read. Returns what
 * ends it.
 */
export async function watchKernelLog(
  host: Host,
  take: (message: string) => void,
): Promise<() => Promise<void>> {
  // A blocked read would take one of the few threads that all files are read with.
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
  const buffer = Buffer.alloc(recordBytes)
  const drain = async (each: (message: string) => void): Promise<void> => {
    for (let record = await readRecord(file, buffer); record !== ''; record = await readRecord(file, buffer))
      each(record.slice(record.indexOf(';') + 1).split('\n')[0] ?? '')
  }
  await drain(() => {})
  let stopped = false
  let looking = Promise.resolve()
  const look = (): void => {
    looking = drain(take).then(
      () => {
        if (!stopped) timer = host.schedule(lookEveryMs, look)
      },
      () => {},
    )
  }
  let timer = host.schedule(lookEveryMs, look)
  return async () => {
    stopped = true
    timer.cancel()
    await looking
    await file.close()
  }
}
