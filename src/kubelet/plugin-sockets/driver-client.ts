import draDescriptor from '../../api/generated/rpc/dra-v1.json' with { type: 'json' }
import { loadServices } from '../../base/host/load-services.ts'
import { GrpcConnection } from '../grpc/grpc-connection.ts'
import type { ClaimReference, Driver, PrepareAnswers, PreparedDevice } from '../resources/claims/driver.ts'

const service = 'k8s.io.kubelet.pkg.apis.dra.v1.DRAPlugin'
/** What drivers say that they speak where they speak this. */
export const driverService = 'v1.DRAPlugin'
/** Upstream's. */
const callTimeoutMs = 45_000

type Answers<T> = { readonly claims: Readonly<Record<string, T>> }

/** A driver of claims behind its socket. */
export class DriverClient implements Driver {
  readonly #connection: GrpcConnection

  constructor(socketPath: string) {
    this.#connection = new GrpcConnection(socketPath, loadServices(draDescriptor))
  }

  async prepare(claims: readonly ClaimReference[]): Promise<PrepareAnswers> {
    const answer = await this.#call<{ readonly error: string; readonly devices: readonly PreparedDevice[] }>(
      'NodePrepareResources',
      claims,
    )
    return new Map(Object.entries(answer.claims))
  }

  async unprepare(
    claims: readonly ClaimReference[],
  ): Promise<ReadonlyMap<string, { readonly error: string }>> {
    const answer = await this.#call<{ readonly error: string }>('NodeUnprepareResources', claims)
    return new Map(Object.entries(answer.claims))
  }

  watch(changed: (isConnected: boolean) => void): void {
    this.#connection.watch(changed)
  }

  close(): void {
    this.#connection.close()
  }

  #call<T>(method: string, claims: readonly ClaimReference[]): Promise<Answers<T>> {
    return this.#connection.call(service, method, { claims }, callTimeoutMs)
  }
}
