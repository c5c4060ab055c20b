import { describeStorage } from '../conformance.ts'
import { MemoryStorage } from './memory-storage.ts'

describeStorage(
  'MemoryStorage',
  async () => ({
    durable: false,
    open: async (options) => new MemoryStorage(options),
    dispose: async () => {},
  }),
  { modelRuns: 200 },
)
