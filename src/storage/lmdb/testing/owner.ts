/** Opens a store, says `open` and keeps it until it is killed: `owner.ts DIRECTORY`. */
import { realHost } from '../../../base/host/real-host.ts'
import { openLmdbStorage } from '../lmdb-storage.ts'
import { say } from './say.ts'

const storage = await openLmdbStorage({ directory: process.argv[2] ?? '', host: realHost })
await storage.commit([{ type: 'put', key: '/key', value: Buffer.from('value') }])
say('open')
realHost.schedule(60_000, () => {})
