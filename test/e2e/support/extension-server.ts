import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { TLSSocket } from 'node:tls'
import { createAuthority, generateKey, issueCertificate } from '../../../src/cluster/pki/certificate.ts'

const group = 'reports.example.com'
const dayMs = 86_400_000

export interface ExtensionServer {
  readonly port: number
  /** Base64, for `spec.caBundle`. */
  readonly caBundle: string
  /** What it was asked, newest last: `GET /path as user of groups by certificate name`. */
  readonly seen: readonly string[]
  close(): Promise<void>
}

const resourceList = {
  kind: 'APIResourceList',
  apiVersion: 'v1',
  groupVersion: `${group}/v1`,
  resources: [
    {
      name: 'reports',
      singularName: 'report',
      namespaced: true,
      kind: 'Report',
      verbs: ['get', 'list', 'watch'],
      shortNames: ['rep'],
    },
  ],
}

const report = (name: string) => ({
  apiVersion: `${group}/v1`,
  kind: 'Report',
  metadata: { name, namespace: 'default', uid: 'u1', resourceVersion: '7' },
  pages: 3,
})

const openApi = {
  openapi: '3.0.0',
  info: { title: 'reports', version: '1' },
  paths: {},
  components: { schemas: { 'com.example.Report': { type: 'object', description: 'A report.' } } },
}

const swagger = {
  swagger: '2.0',
  info: { title: 'reports', version: '1' },
  paths: {
    [`/apis/${group}/v1/reports`]: {
      get: { responses: { 200: { schema: { $ref: '#/definitions/com.example.Report' } } } },
    },
    '/apis/other.example.com/v1/things': { get: {} },
  },
  definitions: {
    'com.example.Report': {
      type: 'object',
      properties: { page: { $ref: '#/definitions/com.example.Page' } },
    },
    'com.example.Page': { type: 'object' },
    'com.example.Unused': { type: 'object' },
  },
}

interface Answer {
  readonly status: number
  readonly body: unknown
  /** False for a watch. */
  readonly ends: boolean
}

const answer = (body: unknown): Answer => ({ status: 200, body, ends: true })

function send(response: ServerResponse, { status, body, ends }: Answer): void {
  response.writeHead(status, { 'Content-Type': 'application/json' })
  response.write(`${JSON.stringify(body)}\n`)
  if (ends) response.end()
}

/** An API server like those that extend clusters: one kind, in JSON, for whoever the front proxy says. */
function serve(request: IncomingMessage): Answer {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'https://extension')
  const reports = `/apis/${group}/v1/namespaces/default/reports`
  if (pathname === `/apis/${group}/v1`) return answer(resourceList)
  if (pathname === '/openapi/v3') {
    const path = `apis/${group}/v1`
    return answer({ paths: { [path]: { serverRelativeURL: `/openapi/v3/${path}?hash=1` } } })
  }
  if (pathname === `/openapi/v3/apis/${group}/v1`) return answer(openApi)
  if (pathname === '/openapi/v2') return answer(swagger)
  if (pathname === reports && searchParams.get('watch') === 'true') {
    return { status: 200, body: { type: 'ADDED', object: report('first') }, ends: false }
  }
  if (pathname === reports) {
    const items = [report('first')]
    return answer({ kind: 'ReportList', apiVersion: `${group}/v1`, metadata: {}, items })
  }
  if (pathname === `${reports}/a%20b`) return answer(report('a b'))
  return { ...answer({ kind: 'Status', apiVersion: 'v1', status: 'Failure', code: 404 }), status: 404 }
}

/** Starts it on loopback, as `<service>.<namespace>.svc`. */
export async function extensionServer(serverName: string): Promise<ExtensionServer> {
  const span = { notBeforeMs: Date.now() - dayMs, notAfterMs: Date.now() + dayMs }
  const authority = createAuthority(generateKey(), { subject: { commonName: 'extension-ca' }, ...span })
  const { certificatePem, keyPem } = issueCertificate(authority, {
    subject: { commonName: serverName },
    usages: ['server'],
    names: [serverName],
    ...span,
  })
  const seen: string[] = []
  const server: Server = createServer(
    { cert: certificatePem, key: keyPem, requestCert: true, rejectUnauthorized: false },
    (request, response) => {
      const { socket, headers } = request
      const shown = socket instanceof TLSSocket ? socket.getPeerCertificate().subject?.CN : undefined
      const groups = headers['x-remote-group']
      seen.push(`${request.method} ${request.url} as ${headers['x-remote-user']} of ${groups} by ${shown}`)
      send(response, serve(request))
    },
  )
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    caBundle: Buffer.from(authority.certificatePem).toString('base64'),
    seen,
    close: async () => {
      server.closeAllConnections()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}
