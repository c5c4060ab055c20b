import { Client, credentials, Metadata, status } from '@grpc/grpc-js'

import protobuf from 'protobufjs'
import { GrpcError } from './grpc-error.ts'

export interface KmsStatus {
  readonly version: string
  readonly healthz: string
  readonly keyId: string
}

export interface KmsEncrypted {
  readonly ciphertext: Uint8Array
  readonly keyId: string
  readonly annotations: Readonly<Record<string, Uint8Array>>
}

/** A KMS plugin (https://kubernetes.io/docs/tasks/administer-cluster/kms-provider/). Every call rejects after the time-out. */
export interface KmsService {
  status(): Promise<KmsStatus>
  encrypt(uid: string, plaintext: Uint8Array): Promise<KmsEncrypted>
  decrypt(uid: string, encrypted: KmsEncrypted): Promise<Uint8Array>
  close(): void
}

/** k8s.io/kms/apis/v2/api.proto */
const proto = `syntax = "proto3";
package v2;
message StatusRequest {}
message StatusResponse { string version = 1; string healthz = 2; string keyId = 3; }
message DecryptRequest { bytes ciphertext = 1; string uid = 2; string keyId = 3; map<string, bytes> annotations = 4; }
message DecryptResponse { bytes plaintext = 1; }
message EncryptRequest { bytes plaintext = 1; string uid = 2; }
message EncryptResponse { bytes ciphertext = 1; string keyId = 2; map<string, bytes> annotations = 3; }
`

const { root } = protobuf.parse(proto)
const whole = { defaults: true, objects: true } as const

type Fields = Readonly<Record<string, unknown>>

/** Told of each call: its method (`/v2.KeyManagementService/Status`), how long it took and what went wrong. */
export type CallObserver = (method: string, ms: number, error?: Error) => void

/** As Go has it: a plugin that has gone may come back before the time is up. */
const patient = (): Metadata => new Metadata({ waitForReady: true })

/** Go's name of a code: `DeadlineExceeded`. */
const codeName = (code: number): string =>
  code === status.CANCELLED
    ? 'Canceled'
    : (status[code] ?? 'UNKNOWN')
        .split('_')
        .map((word) => word.slice(0, 1) + word.slice(1).toLowerCase())
        .join('')

/** `endpoint`: `unix:///run/kms.sock`, or `unix:///@name` of the abstract ones. */
export function connectKms(endpoint: string, timeoutMs: number, called: CallObserver): KmsService {
  const path = new URL(endpoint).pathname
  const target = path.startsWith('/@') ? `unix-abstract:${path.slice(2)}` : `unix:${path}`
  const client = new Client(target, credentials.createInsecure())
  const call = (method: string, message: Fields): Promise<Fields> => {
    const asks = root.lookupType(`v2.${method}Request`)
    const answers = root.lookupType(`v2.${method}Response`)
    const path = `/v2.KeyManagementService/${method}`
    const startedMs = performance.now()
    return new Promise((resolve, reject) => {
      client.makeUnaryRequest<Fields, Fields>(
        path,
        (fields) => Buffer.from(asks.encode(asks.fromObject({ ...fields })).finish()),
        (bytes) => answers.toObject(answers.decode(bytes), whole),
        message,
        patient(),
        { deadline: Date.now() + timeoutMs },
        (error, answer) => {
          const problem = error === null ? undefined : new GrpcError(codeName(error.code), error.details)
          called(path, performance.now() - startedMs, problem)
          if (problem === undefined) resolve(answer ?? {})
          else reject(problem)
        },
      )
    })
  }
  return {
    status: async () => {
      const { version, healthz, keyId } = await call('Status', {})
      return { version: String(version), healthz: String(healthz), keyId: String(keyId) }
    },
    encrypt: async (uid, plaintext) => {
      const answer = await call('Encrypt', { plaintext, uid })
      return {
        ciphertext: bytesOf(answer['ciphertext']),
        keyId: String(answer['keyId']),
        annotations: annotationsOf(answer['annotations']),
      }
    },
    decrypt: async (uid, encrypted) => bytesOf((await call('Decrypt', { ...encrypted, uid }))['plaintext']),
    close: () => client.close(),
  }
}

function bytesOf(value: unknown): Uint8Array {
  return value instanceof Uint8Array ? new Uint8Array(value) : new Uint8Array()
}

function annotationsOf(value: unknown): Readonly<Record<string, Uint8Array>> {
  if (typeof value !== 'object' || value === null) return {}
  return Object.fromEntries(Object.entries(value).map(([key, bytes]) => [key, bytesOf(bytes)]))
}
