import { createAuthority, generateKey } from '../../../src/cluster/pki/certificate.ts'
import type { ContainerGround } from '../support/container-ground.ts'
import { forever, hostFiles, nodeProgram, scriptPod, webServer } from '../support/pods.ts'

export interface Placed {
  readonly labels?: Readonly<Record<string, string>>
  readonly spec?: object
}

/** The path at which a small server says its pod's name. */
export const who = '/cgi-bin/run'

/** Says its name to HTTP on port 8080. */
export const namedServer = (name: string, { labels = {}, spec = {} }: Placed = {}) =>
  scriptPod(name, webServer(`echo; echo ${name}`), {
    labels,
    container: { readinessProbe: { httpGet: { path: who, port: 8080 }, periodSeconds: 1 } },
    spec,
  })

/** What is said on which port. */
export interface Sayings {
  readonly http?: Readonly<Record<number, string>>
  readonly https?: Readonly<Record<number, string>>
  readonly udp?: Readonly<Record<number, string>>
  /** Answers are JSON with the request's method. */
  readonly json?: true
}

/** Of nobody's trust: the API server's proxy asks for none. */
function certificate(): { readonly cert: string; readonly key: string } {
  const validMs = 86_400_000
  const times = { notBeforeMs: Date.now() - validMs, notAfterMs: Date.now() + validMs }
  const pair = createAuthority(generateKey(), { subject: { commonName: 'pod' }, ...times })
  return { cert: pair.certificatePem, key: pair.keyPem }
}

const program = (sayings: Sayings): string => `
  const sayings = ${JSON.stringify(sayings)}
  setInterval(() => {}, 60_000)
  const answer = (saying) => ({ method }, response) => {
    response.setHeader('content-type', sayings.json ? 'application/json' : 'text/html; charset=utf-8')
    response.end(sayings.json ? JSON.stringify({ method, body: saying }) : saying)
  }
  for (const [port, saying] of Object.entries(sayings.http ?? {}))
    require('node:http').createServer(answer(saying)).listen(port)
  for (const [port, saying] of Object.entries(sayings.https ?? {}))
    require('node:https').createServer(${JSON.stringify(certificate())}, answer(saying)).listen(port)
  for (const [port, saying] of Object.entries(sayings.udp ?? {})) {
    const socket = require('node:dgram').createSocket('udp4')
    socket.on('message', (_, { port, address }) => socket.send(saying, port, address)).bind(Number(port))
  }`

/** Says something on each of several ports, also over TLS and UDP. */
export const talkingServer = (
  name: string,
  sayings: Sayings,
  { labels = {}, spec = {}, container = {} }: Placed & { readonly container?: object } = {},
) =>
  scriptPod(name, '', {
    labels,
    spec: {
      containers: [nodeProgram('main', program(sayings), container)],
      volumes: [hostFiles],
      ...spec,
    },
  })

/** From where others are asked. */
export const asker = (name: string, spec: object = {}) => scriptPod(name, forever, { spec })

/** Asks from a pod; an error when there is no answer within two seconds. */
export const askHttp = async (ground: ContainerGround, from: string, address: string): Promise<string> =>
  (await ground.shell(from, `timeout 2 wget -qO- http://${address}`)).trim()

/** Asks from a pod of `talkingServer`; an error when there is no answer within two seconds. */
export async function askUdp(
  ground: ContainerGround,
  from: string,
  host: string,
  port: number,
): Promise<string> {
  const script = `
    const socket = require('node:dgram').createSocket('udp4')
    socket.on('message', (message) => { process.stdout.write(message); process.exit() })
    socket.on('error', () => process.exit(1))
    socket.send('who', ${port}, '${host}')
    setTimeout(() => process.exit(2), 2000)`
  const { stdout, status } = await ground.exec(from, ['/bin/chroot', '/host', process.execPath, '-e', script])
  if (status.status === 'Success') return stdout
  throw new Error(`${from} had no answer from ${host}:${port}: ${JSON.stringify(status)}`)
}
