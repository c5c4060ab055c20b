/** What is used of etcd's v3 messages (https://etcd.io/docs/v3.4/learning/api/), as `loadServices` names fields. */

export interface ResponseHeader {
  readonly revision: number
}

export interface KeyValue {
  readonly key: Uint8Array
  readonly value: Uint8Array
  readonly createRevision: number
  readonly modRevision: number
  readonly version: number
}

export interface RangeResponse {
  readonly header: ResponseHeader
  readonly kvs: readonly KeyValue[]
  readonly more: boolean
}

/** One of them is not null. */
export interface ResponseOp {
  readonly responseRange: RangeResponse | null
}

export interface TxnResponse {
  readonly header: ResponseHeader
  readonly succeeded: boolean
  readonly responses: readonly ResponseOp[]
}

export interface LeaseGrantResponse {
  readonly TTL: number
}

export interface EtcdEvent {
  readonly type: 'PUT' | 'DELETE'
  readonly kv: KeyValue
  readonly prevKv: KeyValue | null
}

export interface WatchResponse {
  readonly header: ResponseHeader
  readonly created: boolean
  readonly canceled: boolean
  readonly compactRevision: number
  readonly cancelReason: string
  /** The answer goes on in the next message. */
  readonly fragment: boolean
  readonly events: readonly EtcdEvent[]
}
