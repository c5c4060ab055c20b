import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { connect, createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { inNetworkNamespace, type RunProgram, runProgram } from '../run-program.ts'

/** Why tests of the real network cannot run here; undefined where they can. */
export function labMissing(...programs: readonly string[]): string | undefined {
  if (process.platform !== 'linux') return 'needs Linux'
  if (process.getuid?.() !== 0) return 'needs root'
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin']
  const missing = ['ip', 'nsenter', 'bash', ...programs].filter(
    (program) => !folders.some((folder) => existsSync(join(folder, program))),
  )
  return missing.length > 0 ? `needs ${missing.join(', ')}` : undefined
}

/** Says its name and its client's address to everyone who connects, and to every datagram. */
const serverScript = `
const [name, port] = process.argv.slice(1)
require('node:net').createServer((s) => s.on('error', () => {}).end(name + ' ' + s.remoteAddress + '\\n'))
  .listen(Number(port), '0.0.0.0', () => {
    const udp = require('node:dgram').createSocket('udp4')
    udp.on('message', (m, r) => udp.send(name + ' ' + r.address + '\\n', r.port, r.address))
    udp.bind(Number(port), '0.0.0.0', () => console.log('up'))
  })
`

/** Leads whoever connects to a port of its namespace to a socket that is a file, which all namespaces see. */
const doorScript = `
const net = require('node:net')
const [port, path] = process.argv.slice(1)
net.createServer((s) => {
  const out = net.connect(path)
  for (const each of [s, out]) each.on('error', () => { s.destroy(); out.destroy() })
  s.pipe(out).pipe(s)
}).listen(Number(port), '127.0.0.1', () => console.log('up'))
`

/** Network namespaces for one test, all gone after `close`. Nothing leaves them. */
export class NetworkLab {
  readonly #prefix: string
  readonly #namespaces: string[] = []
  readonly #servers: ChildProcess[] = []
  readonly #doors: Server[] = []
  #links = 0

  constructor() {
    this.#prefix = `tmltest-${process.pid}-${Math.random().toString(36).slice(2, 6)}`
  }

  path(name: string): string {
    return `/run/netns/${this.#prefix}-${name}`
  }

  /** Programs in that namespace. */
  in(name: string): RunProgram {
    return inNetworkNamespace(this.path(name))
  }

  async namespace(name: string): Promise<RunProgram> {
    await runProgram('ip', ['netns', 'add', `${this.#prefix}-${name}`])
    this.#namespaces.push(name)
    await this.in(name)('ip', ['link', 'set', 'lo', 'up'])
    return this.in(name)
  }

  /** A wire between two namespaces, with an address (and prefix) at each end; returns the names of its ends. */
  async wire(a: string, addressA: string, b: string, addressB: string): Promise<readonly [string, string]> {
    const id = `${process.pid % 100_000}${this.#links++}`
    const ends = [`ta${id}`, `tb${id}`] as const
    const names = [`${this.#prefix}-${a}`, `${this.#prefix}-${b}`] as const
    await runProgram('ip', [
      ...['link', 'add', ends[0], 'netns', names[0], 'type', 'veth'],
      ...['peer', 'name', ends[1], 'netns', names[1]],
    ])
    await this.#up(a, ends[0], addressA)
    await this.#up(b, ends[1], addressB)
    return ends
  }

  /** A pod as the CNI plugin ptp wires it: its own namespace, and a route to its address on the node. */
  async pod(node: string, name: string, ip: string, gateway: string): Promise<RunProgram> {
    const run = await this.namespace(name)
    const [nodeEnd, podEnd] = await this.wire(node, `${gateway}/32`, name, `${ip}/32`)
    await this.in(node)('ip', ['route', 'add', `${ip}/32`, 'dev', nodeEnd, 'src', gateway])
    await run('ip', ['route', 'add', `${gateway}/32`, 'dev', podEnd, 'src', ip])
    await run('ip', ['route', 'add', 'default', 'via', gateway, 'dev', podEnd, 'src', ip])
    return run
  }

  /** A TCP and UDP server in a namespace that answers `NAME CLIENT`. */
  async serve(name: string, port: number): Promise<void> {
    await this.#spawn(name, [serverScript, name, String(port)])
  }

  /** A port on the namespace's loopback that leads to the same one of the machine's. */
  async door(name: string, port: number): Promise<void> {
    const path = join(tmpdir(), `${this.#prefix}-${port}.sock`)
    const outside = createServer((socket) => {
      const to = connect(port, '127.0.0.1')
      for (const each of [socket, to]) {
        each.on('error', () => {
          socket.destroy()
          to.destroy()
        })
      }
      socket.pipe(to).pipe(socket)
    })
    outside.listen(path)
    await once(outside, 'listening')
    this.#doors.push(outside)
    await this.#spawn(name, [doorScript, String(port), path])
  }

  async #spawn(name: string, [script = '', ...args]: readonly string[]): Promise<void> {
    const child = spawn('nsenter', [`--net=${this.path(name)}`, process.execPath, '-e', script, ...args], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    this.#servers.push(child)
    await once(child.stdout, 'data')
  }

  /** What a server says to a client in `name`; 'refused' or 'timeout' where none does. */
  async connect(name: string, ip: string, port: number, timeoutSeconds = 2): Promise<string> {
    const script = `exec 3<>/dev/tcp/${ip}/${port} && cat <&3`
    try {
      return (await this.in(name)('timeout', [String(timeoutSeconds), 'bash', '-c', script])).trim()
    } catch (error) {
      return String(error).includes('refused') ? 'refused' : 'timeout'
    }
  }

  /** The same over UDP, from a given port. */
  async datagram(name: string, ip: string, port: number, localPort: number): Promise<string> {
    const script = `
      const s = require('node:dgram').createSocket('udp4')
      const end = (text) => { console.log(text); process.exit(0) }
      s.on('message', (m) => end(m.toString().trim()))
      s.on('error', (e) => end(e.code === 'ECONNREFUSED' ? 'refused' : e.code))
      s.bind(${localPort}, () => s.connect(${port}, '${ip}', () => s.send('hello')))
      setTimeout(() => end('timeout'), 1500)`
    return (await this.in(name)(process.execPath, ['-e', script])).trim()
  }

  async close(): Promise<void> {
    for (const server of this.#servers) {
      const gone = server.exitCode === null ? once(server, 'exit') : undefined
      server.kill('SIGKILL')
      await gone
    }
    for (const door of this.#doors) door.close()
    for (const name of this.#namespaces.reverse()) {
      await runProgram('ip', ['netns', 'del', `${this.#prefix}-${name}`])
    }
  }

  async #up(namespace: string, end: string, address: string): Promise<void> {
    const run = this.in(namespace)
    await run('ip', ['address', 'add', address, 'dev', end])
    await run('ip', ['link', 'set', end, 'up'])
  }
}
