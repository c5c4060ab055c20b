// Written by scripts/generate-api.ts. Do not edit.
import type * as meta from '../../../apimachinery/meta.ts'

export interface CertificateSigningRequest {
  readonly apiVersion?: string
  readonly kind?: string
  readonly metadata?: meta.ObjectMeta
  readonly spec: CertificateSigningRequestSpec
  readonly status?: CertificateSigningRequestStatus
}

export interface CertificateSigningRequestCondition {
  readonly lastTransitionTime?: meta.Time | null
  readonly lastUpdateTime?: meta.Time | null
  readonly message?: string
  readonly reason?: string
  readonly status: string
  readonly type: string
}

export interface CertificateSigningRequestList {
  readonly apiVersion?: string
  readonly items: readonly CertificateSigningRequest[]
  readonly kind?: string
  readonly metadata?: meta.ListMeta
}

export interface CertificateSigningRequestSpec {
  readonly expirationSeconds?: number
  readonly extra?: { readonly [key: string]: readonly string[] }
  readonly groups?: readonly string[]
  readonly request: string
  readonly signerName: string
  readonly uid?: string
  readonly usages?: readonly string[]
  readonly username?: string
}

export interface CertificateSigningRequestStatus {
  readonly certificate?: string
  readonly conditions?: readonly CertificateSigningRequestCondition[]
}
