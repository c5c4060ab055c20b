import { writeSync } from 'node:fs'

const standardOutput = 1

/** Writes a line before it returns, also into a pipe that is full for the moment. */
export function say(line: string): void {
  const bytes = Buffer.from(`${line}\n`)
  let written = 0
  while (written < bytes.length) {
    try {
      written += writeSync(standardOutput, bytes, written)
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EAGAIN')) throw error
    }
  }
}
