// Runs in a pod's network: answers on ports, and tries those of others. A line with targets in, a line with answers out.
import { createSocket } from 'node:dgram'
import { connect, createServer } from 'node:net'
import { createInterface } from 'node:readline'

const ports = process.argv.slice(2).map(Number)
const patienceMs = 700

const listening = ports.flatMap((port) => [
  new Promise((resolve) =>
    createServer((socket) => socket.on('error', () => {}).end('here')).listen(port, '0.0.0.0', resolve),
  ),
  new Promise((resolve) => {
    const socket = createSocket('udp4')
    socket.on('message', (_, { port: from, address }) => socket.send('here', from, address))
    socket.bind(port, '0.0.0.0', resolve)
  }),
])

const tcp = ({ address, port }) =>
  new Promise((resolve) => {
    const socket = connect({ host: address, port })
    const end = (reached) => {
      socket.destroy()
      resolve(reached)
    }
    socket.setTimeout(patienceMs, () => end(false))
    socket.on('error', () => end(false))
    socket.on('data', () => end(true))
  })

const udp = ({ address, port }) =>
  new Promise((resolve) => {
    const socket = createSocket('udp4')
    const end = (reached) => {
      clearTimeout(timer)
      socket.close()
      resolve(reached)
    }
    const timer = setTimeout(() => end(false), patienceMs)
    socket.on('error', () => end(false))
    socket.on('message', () => end(true))
    socket.send('anybody there?', port, address)
  })

const answer = (targets) =>
  Promise.all(targets.map((target) => (target.protocol === 'tcp' ? tcp(target) : udp(target))))

await Promise.all(listening)
console.log('up')
for await (const line of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(await answer(JSON.parse(line))))
}
process.exit()
