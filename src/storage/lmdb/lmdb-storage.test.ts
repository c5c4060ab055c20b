import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describeStorage } from '../conformance.ts'
import { openLmdbStorage } from './lmdb-storage.ts'

describeStorage(
  'LmdbStorage',
  async () => {
    const directory = mkdtempSync(join(tmpdir(), 'timonel-lmdb-'))
    return {
      durable: true,
      open: (options) => openLmdbStorage({ ...options, directory }),
      dispose: async () => rmSync(directory, { recursive: true }),
    }
  },
  { modelRuns: 25 },
)
