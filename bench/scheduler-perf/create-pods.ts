// Creates pods over HTTPS for run-workload.ts: one request a message, answered when all of its pods are created.
import { readCredentials } from '../load/connection.ts'
import { keepInFlight } from '../load/keep-in-flight.ts'
import { Sessions } from '../load/sessions.ts'
import { readPodManifest } from './objects.ts'
import type { CreateRequest } from './remote-creator.ts'
import { inFlight } from './run.ts'

const connections = 4
const [kubeconfigFile = ''] = process.argv.slice(2)
const sessions = Sessions.open(readCredentials(kubeconfigFile), connections)

async function create({ file, namespace, count }: CreateRequest): Promise<void> {
  const open = await sessions
  const manifest = readPodManifest(file)
  const path = `/api/v1/namespaces/${namespace}/pods`
  await keepInFlight(count, inFlight, async (index) => {
    await open.at(index).expect({ method: 'POST', path, body: manifest.object(index, count) })
  })
  process.send?.('created')
}

process.on('message', (request: CreateRequest) => {
  create(request).catch((error: unknown) => {
    console.error(error)
    process.exit(1)
  })
})
