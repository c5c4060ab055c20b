// Asks for all that it can, in a process of its own, until it is told to stop; started by flood.ts.
import { once } from 'node:events'
import { Connection, type Request } from './connection.ts'

/** What a flooder is told first. */
export interface Flood {
  readonly server: string
  /** PEM. */
  readonly ca: string
  readonly connections: number
  /** By each connection. */
  readonly atOnce: number
  /** `$` in the body is another number each time. */
  readonly request: Request
}

const [told] = await once(process, 'message')
const { server, ca, connections: count, atOnce, request }: Flood = told
const text = JSON.stringify(request.body)
let sent = 0
let answered = 0
let isOver = false

const next = (): Request =>
  text === undefined ? request : { ...request, body: JSON.parse(text.replace('$', String(sent++))) }

const connections = await Promise.all(
  Array.from({ length: count }, () => Connection.openNameless({ server, ca: Buffer.from(ca) })),
)
const lanes = connections.flatMap((connection) =>
  Array.from({ length: atOnce }, async () => {
    while (!isOver) {
      await connection.send(next())
      answered++
    }
  }),
)
const say = (what: string | number): void => {
  process.send?.(what)
}
process.once('message', async () => {
  isOver = true
  await Promise.all(lanes)
  for (const connection of connections) connection.close()
  say(answered)
  process.disconnect()
})
say('begun')
