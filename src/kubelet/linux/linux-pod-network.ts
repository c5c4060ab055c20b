import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { connect } from 'node:net'
import { Client, credentials, type ServiceError, status } from '@grpc/grpc-js'
import { loadServices } from '../../base/host/load-services.ts'
import type { HttpRequest, PodNetwork } from '../pod/pod-context.ts'

const maxBodyBytes = 10 * 1024

const bracketed = (host: string): string => (host.includes(':') ? `[${host}]` : host)

/** Failures of sockets in Go's words: they show in Events, and people search for them. */
function dialText(error: NodeJS.ErrnoException, address: string): string {
  const why: Readonly<Record<string, string>> = {
    ECONNREFUSED: 'connect: connection refused',
    EHOSTUNREACH: 'connect: no route to host',
    ENETUNREACH: 'connect: network is unreachable',
    ETIMEDOUT: 'i/o timeout',
  }
  if (error.code === 'ECONNRESET') return `read tcp ->${address}: read: connection reset by peer`
  if (error.code === 'ENOTFOUND') return `dial tcp: lookup ${address.replace(/:\d+$/, '')}: no such host`
  return `dial tcp ${address}: ${why[error.code ?? ''] ?? error.message}`
}

function httpGet(
  { scheme, host, port, path, headers }: HttpRequest,
  timeoutMs: number,
): Promise<{ status: number; body: string; location?: string }> {
  const address = `${bracketed(host)}:${port}`
  const url = `${scheme}://${address}${path}`
  const hostHeader = headers.find(({ name }) => name.toLowerCase() === 'host')?.value
  const fields = new Map<string, string | string[]>([['Host', hostHeader ?? address]])
  for (const { name, value } of headers) {
    const before = fields.get(name)
    if (name.toLowerCase() === 'host') continue
    fields.set(name, before === undefined ? value : [before, value].flat())
  }
  return new Promise((resolve, reject) => {
    const send = scheme === 'https' ? httpsRequest : httpRequest
    const call = send(
      {
        host,
        port,
        path,
        method: 'GET',
        headers: Object.fromEntries(fields),
        agent: false,
        rejectUnauthorized: false,
        servername: '',
        // Go's parser lets lines end without a carriage return, as CGI scripts' do.
        insecureHTTPParser: true,
      },
      (response) => {
        const chunks: Buffer[] = []
        let size = 0
        response.on('data', (chunk: Buffer) => {
          if (size < maxBodyBytes) chunks.push(chunk)
          size += chunk.length
        })
        response.on('error', () => {})
        response.on('close', () => {
          clearTimeout(timer)
          const body = Buffer.concat(chunks).subarray(0, maxBodyBytes).toString()
          const { location } = response.headers
          resolve({ status: response.statusCode ?? 0, body, ...(location === undefined ? {} : { location }) })
        })
      },
    )
    const timer = setTimeout(() => {
      const text = 'context deadline exceeded (Client.Timeout exceeded while awaiting headers)'
      call.destroy(new Error(text))
    }, timeoutMs)
    call.on('error', (error: NodeJS.ErrnoException) => {
      clearTimeout(timer)
      const text = error.code === undefined ? error.message : dialText(error, address)
      reject(
        new Error(
          `Get "${url}": ${error.code === 'HPE_INVALID_CONSTANT' ? 'malformed HTTP response' : text}`,
        ),
      )
    })
    call.end()
  })
}

function tcpConnect(host: string, port: number, timeoutMs: number): Promise<void> {
  const address = `${bracketed(host)}:${port}`
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port })
    const timer = setTimeout(() => {
      socket.destroy()
      reject(new Error(`dial tcp ${address}: i/o timeout`))
    }, timeoutMs)
    socket.on('connect', () => {
      clearTimeout(timer)
      socket.destroy()
      resolve()
    })
    socket.on('error', (error: NodeJS.ErrnoException) => {
      clearTimeout(timer)
      reject(new Error(dialText(error, address)))
    })
  })
}

/** gRPC's health checking protocol (https://github.com/grpc/grpc/blob/master/doc/health-checking.md). */
const healthDescriptor = {
  nested: {
    grpc: {
      nested: {
        health: {
          nested: {
            v1: {
              nested: {
                Health: {
                  methods: {
                    Check: { requestType: 'HealthCheckRequest', responseType: 'HealthCheckResponse' },
                  },
                },
                HealthCheckRequest: { fields: { service: { type: 'string', id: 1 } } },
                HealthCheckResponse: {
                  nested: {
                    ServingStatus: {
                      values: { UNKNOWN: 0, SERVING: 1, NOT_SERVING: 2, SERVICE_UNKNOWN: 3 },
                    },
                  },
                  fields: { status: { type: 'ServingStatus', id: 1 } },
                },
              },
            },
          },
        },
      },
    },
  },
}

function grpcError(error: ServiceError, address: string, timeoutMs: number): Error {
  const seconds = `${timeoutMs / 1000}s`
  switch (error.code) {
    case status.UNIMPLEMENTED:
      return new Error(
        `error: this server does not implement the grpc health protocol (grpc.health.v1.Health): ${error.details}`,
      )
    case status.DEADLINE_EXCEEDED:
      return new Error(`timeout: health rpc did not complete within ${seconds}`)
    case status.UNAVAILABLE:
      return new Error(`error: failed to connect service "${address}" within ${seconds}: ${error.details}`)
    default:
      return new Error(`error: health rpc probe failed: ${error.details}`)
  }
}

/** Requests from this machine into its pods. */
export function linuxPodNetwork(): PodNetwork {
  const check = loadServices(healthDescriptor).get('grpc.health.v1.Health')?.Check
  return {
    httpGet,
    tcpConnect,
    grpcHealth: (host, port, service, timeoutMs) => {
      const address = `${bracketed(host)}:${port}`
      if (check === undefined) return Promise.reject(new Error('no health service is described'))
      const client = new Client(address, credentials.createInsecure())
      return new Promise<string>((resolve, reject) => {
        client.makeUnaryRequest(
          check.path,
          check.requestSerialize,
          check.responseDeserialize,
          { service },
          { deadline: Date.now() + timeoutMs },
          (error, response) => {
            client.close()
            if (error !== null) reject(grpcError(error, address, timeoutMs))
            else resolve(response !== undefined && 'status' in response ? String(response.status) : 'UNKNOWN')
          },
        )
      })
    },
  }
}
