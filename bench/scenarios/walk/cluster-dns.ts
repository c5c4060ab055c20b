import { createSocket } from 'node:dgram'
import { decode, encode } from 'dns-packet'

const retryMs = 5
const timeoutMs = 1000

/** The addresses that a DNS server answers with; none for every other answer, or when it does not answer. */
export function query(server: string, name: string): Promise<readonly string[]> {
  const socket = createSocket('udp4')
  const id = Math.floor(Math.random() * 65_536)
  return new Promise((resolve) => {
    const end = (addresses: readonly string[]): void => {
      clearTimeout(timeout)
      socket.close()
      resolve(addresses)
    }
    const timeout = setTimeout(() => end([]), timeoutMs)
    socket.on('error', () => end([]))
    socket.on('message', (message) => {
      const { id: answered, answers = [] } = decode(message)
      if (answered === id) end(answers.flatMap((answer) => (answer.type === 'A' ? [answer.data] : [])))
    })
    socket.send(encode({ type: 'query', id, flags: 256, questions: [{ type: 'A', name }] }), 53, server)
  })
}

/** Resolves when the name leads to the address. */
export async function resolves(server: string, name: string, address: string): Promise<void> {
  while (!(await query(server, name)).includes(address))
    await new Promise((resolve) => setTimeout(resolve, retryMs))
}
