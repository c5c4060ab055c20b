// Asks for all that it can, in a thread of its own, until it is told to stop; started by flood.ts.
import { parentPort, workerData } from 'node:worker_threads'
import { Connection, type Credentials, type Request } from './connection.ts'

/** What a flooder is told, and what it says when it has stopped. */
export interface Flood {
  readonly credentials: Pick<Credentials, 'server' | 'ca'>
  readonly connections: number
  /** By each connection. */
  readonly atOnce: number
  /** `$` in the body is another number each time. */
  readonly request: Request
}

const { credentials, connections: count, atOnce, request }: Flood = workerData
const text = JSON.stringify(request.body)
let sent = 0
let answered = 0
let isOver = false

const next = (): Request =>
  text === undefined ? request : { ...request, body: JSON.parse(text.replace('$', String(sent++))) }

const connections = await Promise.all(
  Array.from({ length: count }, () => Connection.openNameless(credentials)),
)
const lanes = connections.flatMap((connection) =>
  Array.from({ length: atOnce }, async () => {
    while (!isOver) {
      await connection.send(next())
      answered++
    }
  }),
)
parentPort?.once('message', async () => {
  isOver = true
  await Promise.all(lanes)
  for (const connection of connections) connection.close()
  parentPort?.postMessage(answered)
})
parentPort?.postMessage('begun')
