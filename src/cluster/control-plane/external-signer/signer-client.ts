import { Client, credentials, Metadata } from '@grpc/grpc-js'
import protobuf from 'protobufjs'

export interface FetchedKey {
  readonly keyId: string
  /** SubjectPublicKeyInfo, DER. */
  readonly key: Uint8Array
  readonly excludeFromOidcDiscovery: boolean
}

export interface FetchedKeys {
  readonly keys: readonly FetchedKey[]
  /** Seconds since 1970; undefined where the signer does not say. */
  readonly dataSeconds: number | undefined
  readonly refreshHintSeconds: number
}

/** An external signer. Every call waits for it to be there, and rejects after the time-out. */
export interface SignerClient {
  /** `claims`: base64url, as they are to be in the token. Both answers are base64url, too. */
  sign(claims: string): Promise<{ readonly header: string; readonly signature: string }>
  fetchKeys(): Promise<FetchedKeys>
  /** The longest life of a token, in seconds. */
  maxLifeSeconds(): Promise<number>
  close(): void
}

/** k8s.io/externaljwt/apis/v1/api.proto */
const proto = `syntax = "proto3";
package v1;
message Timestamp { int64 seconds = 1; int32 nanos = 2; }
message SignRequest { string claims = 1; }
message SignResponse { string header = 1; string signature = 2; }
message Key { string keyId = 1; bytes key = 2; bool excludeFromOidcDiscovery = 3; }
message FetchKeysRequest {}
message FetchKeysResponse { repeated Key keys = 1; Timestamp dataTimestamp = 2; int64 refreshHintSeconds = 3; }
message MetadataRequest {}
message MetadataResponse { int64 maxTokenExpirationSeconds = 1; }
`

const { root } = protobuf.parse(proto)

type Method = 'Sign' | 'FetchKeys' | 'Metadata'

/** Upstream's; of a signature, a request's own time. */
const timeoutsMs: Readonly<Record<Method, number>> = { Sign: 60_000, FetchKeys: 60_000, Metadata: 10_000 }

/** `endpoint`: a socket's path, or `@name` of the abstract ones. `called` is told of each call: its gRPC code. */
export function connectSigner(
  endpoint: string,
  called: (method: Method, code: number, tookMs: number) => void,
): SignerClient {
  const target = endpoint.startsWith('@') ? `unix-abstract:${endpoint.slice(1)}` : `unix:${endpoint}`
  const client = new Client(target, credentials.createInsecure(), { 'grpc.default_authority': 'localhost' })
  const call = <T>(
    method: Method,
    message: object,
    read: (answer: protobuf.Message<object>) => T,
  ): Promise<T> => {
    const asks = root.lookupType(`v1.${method}Request`)
    const answers = root.lookupType(`v1.${method}Response`)
    const startedMs = performance.now()
    return new Promise((resolve, reject) => {
      client.makeUnaryRequest<object, protobuf.Message<object>>(
        `/v1.ExternalJWTSigner/${method}`,
        (fields) => Buffer.from(asks.encode(asks.fromObject(fields)).finish()),
        (bytes) => answers.decode(bytes),
        message,
        new Metadata({ waitForReady: true }),
        { deadline: Date.now() + timeoutsMs[method] },
        (error, answer) => {
          called(method, error?.code ?? 0, performance.now() - startedMs)
          if (error !== null || answer === undefined) reject(error ?? new Error('there is no answer'))
          else resolve(read(answer))
        },
      )
    })
  }
  const whole = { defaults: true, longs: Number, bytes: Uint8Array, arrays: true } as const
  return {
    sign: (claims) =>
      call('Sign', { claims }, (answer) => {
        const { header, signature } = root.lookupType('v1.SignResponse').toObject(answer, whole)
        return { header: String(header), signature: String(signature) }
      }),
    fetchKeys: () =>
      call('FetchKeys', {}, (answer) => {
        const { keys, dataTimestamp, refreshHintSeconds } = root
          .lookupType('v1.FetchKeysResponse')
          .toObject(answer, whole)
        const seconds = dataTimestamp?.seconds
        return {
          keys,
          dataSeconds: typeof seconds === 'number' ? seconds + dataTimestamp.nanos / 1e9 : undefined,
          refreshHintSeconds: Number(refreshHintSeconds),
        }
      }),
    maxLifeSeconds: () =>
      call('Metadata', {}, (answer) =>
        Number(root.lookupType('v1.MetadataResponse').toObject(answer, whole)['maxTokenExpirationSeconds']),
      ),
    close: () => client.close(),
  }
}
