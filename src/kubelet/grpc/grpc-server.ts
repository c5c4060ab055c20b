import { unlink } from 'node:fs/promises'
import {
  type handleUnaryCall,
  Server,
  ServerCredentials,
  status,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js'
import type { ServiceDefinition } from '@grpc/proto-loader'
import { messageOf } from '../../base/message-of.ts'

/** A method that answers one request with one message; what it rejects with is said to the caller. */
export const unary =
  <T>(method: (request: T) => Promise<object>): handleUnaryCall<T, object> =>
  (call, answer) => {
    method(call.request).then(
      (response) => answer(null, response),
      (error: unknown) => answer({ code: status.UNKNOWN, details: messageOf(error) }),
    )
  }

/** Serves a service on a Unix socket; what is in its place is removed. Returns what ends it. */
export async function serveGrpc(
  socketPath: string,
  service: ServiceDefinition,
  methods: UntypedServiceImplementation,
): Promise<() => Promise<void>> {
  const server = new Server()
  server.addService(service, methods)
  await unlink(socketPath).catch(() => {})
  await new Promise<void>((resolve, reject) => {
    server.bindAsync(`unix:${socketPath}`, ServerCredentials.createInsecure(), (error) => {
      if (error === null) resolve()
      else reject(error)
    })
  })
  return async () => {
    server.forceShutdown()
    await unlink(socketPath).catch(() => {})
  }
}
