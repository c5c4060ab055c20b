import { writeSync } from 'node:fs'
import type { AuditWriter } from '../../apiserver/audit/log-backend.ts'

const standardOutputFile = 1

/** Lines on standard output, for whoever runs the server to keep. */
export const standardOutput: AuditWriter = {
  write: (text) => {
    const bytes = Buffer.from(text)
    for (let at = 0; at < bytes.length; ) at += writeSync(standardOutputFile, bytes, at)
  },
  close: () => Promise.resolve(),
}
