/** A claim as drivers are told of it. */
export interface ClaimReference {
  readonly namespace: string
  readonly uid: string
  readonly name: string
}

/** A device that a driver has made ready, under the names of the protocol (DRAPlugin v1). */
export interface PreparedDevice {
  readonly requestNames: readonly string[]
  readonly poolName: string
  readonly deviceName: string
  readonly cdiDeviceIds: readonly string[]
  readonly shareId?: string
}

/** By the claim's uid; `error` is '' where it went well. */
export type PrepareAnswers = ReadonlyMap<
  string,
  { readonly error: string; readonly devices: readonly PreparedDevice[] }
>

/** Calls to one driver; both are idempotent. Rejects with what the driver said, or that it cannot be reached. */
export interface Driver {
  prepare(claims: readonly ClaimReference[]): Promise<PrepareAnswers>
  unprepare(claims: readonly ClaimReference[]): Promise<ReadonlyMap<string, { readonly error: string }>>
}
