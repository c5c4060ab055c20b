import { rmSync } from 'node:fs'
import { Server, ServerCredentials, type ServerUnaryCall, type sendUnaryData } from '@grpc/grpc-js'
import protobuf from 'protobufjs'

const { root } = protobuf.parse(`syntax = "proto3";
message StatusRequest {}
message StatusResponse { string version = 1; string healthz = 2; string keyId = 3; }
message DecryptRequest { bytes ciphertext = 1; string uid = 2; string keyId = 3; }
message DecryptResponse { bytes plaintext = 1; }
message EncryptRequest { bytes plaintext = 1; string uid = 2; }
message EncryptResponse { bytes ciphertext = 1; string keyId = 2; }
`)

type Fields = Readonly<Record<string, unknown>>

const bytesOf = (value: unknown): Uint8Array =>
  value instanceof Uint8Array ? new Uint8Array(value) : new Uint8Array()

/** Each key flips the bits of its own. */
const flipped = (value: unknown, keyId: unknown): Uint8Array =>
  bytesOf(value).map((byte) => byte ^ String(keyId).length)

/** A KMS plugin behind a real socket, which can be given another key, stopped and started again. */
export class KmsPlugin {
  keyId = 'a'
  /** Methods, as they are called. */
  readonly calls: string[] = []
  readonly #socket: string
  #server: Server | undefined

  constructor(socket: string) {
    this.#socket = socket
  }

  async start(): Promise<void> {
    const server = new Server()
    this.#server = server
    const answers: Readonly<Record<string, (asked: Fields) => Fields>> = {
      Status: () => ({ version: 'v2', healthz: 'ok', keyId: this.keyId }),
      Encrypt: ({ plaintext }) => ({ ciphertext: flipped(plaintext, this.keyId), keyId: this.keyId }),
      Decrypt: ({ ciphertext, keyId }) => ({ plaintext: flipped(ciphertext, keyId) }),
    }
    for (const [name, answer] of Object.entries(answers)) this.#serve(server, name, answer)
    await new Promise<void>((resolve, reject) => {
      server.bindAsync(`unix:${this.#socket}`, ServerCredentials.createInsecure(), (error) =>
        error === null ? resolve() : reject(error),
      )
    })
  }

  #serve(server: Server, name: string, answer: (asked: Fields) => Fields): void {
    const asks = root.lookupType(`${name}Request`)
    const answers = root.lookupType(`${name}Response`)
    server.register<Fields, Fields>(
      `/v2.KeyManagementService/${name}`,
      ({ request }: ServerUnaryCall<Fields, Fields>, callback: sendUnaryData<Fields>) => {
        this.calls.push(name)
        callback(null, answer(request))
      },
      (fields) => Buffer.from(answers.encode(answers.fromObject({ ...fields })).finish()),
      (bytes) => asks.toObject(asks.decode(bytes), { defaults: true }),
      'unary',
    )
  }

  stop(): void {
    this.#server?.forceShutdown()
    this.#server = undefined
    rmSync(this.#socket, { force: true })
  }
}
