// Written by scripts/generate-api.ts. Do not edit.
import type * as meta from '../../../apimachinery/meta.ts'

export interface ClusterTrustBundle {
  readonly apiVersion?: string
  readonly kind?: string
  readonly metadata?: meta.ObjectMeta
  readonly spec: ClusterTrustBundleSpec
}

export interface ClusterTrustBundleList {
  readonly apiVersion?: string
  readonly items: readonly ClusterTrustBundle[]
  readonly kind?: string
  readonly metadata?: meta.ListMeta
}

export interface ClusterTrustBundleSpec {
  readonly signerName?: string
  readonly trustBundle: string
}

export interface PodCertificateRequest {
  readonly apiVersion?: string
  readonly kind?: string
  readonly metadata?: meta.ObjectMeta
  readonly spec: PodCertificateRequestSpec
  readonly status?: PodCertificateRequestStatus
}

export interface PodCertificateRequestList {
  readonly apiVersion?: string
  readonly items: readonly PodCertificateRequest[]
  readonly kind?: string
  readonly metadata?: meta.ListMeta
}

export interface PodCertificateRequestSpec {
  readonly maxExpirationSeconds?: number
  readonly nodeName: string
  readonly nodeUID: string
  readonly pkixPublicKey?: string
  readonly podName: string
  readonly podUID: string
  readonly proofOfPossession?: string
  readonly serviceAccountName: string
  readonly serviceAccountUID: string
  readonly signerName: string
  readonly stubPKCS10Request: string
  readonly unverifiedUserAnnotations?: { readonly [key: string]: string }
}

export interface PodCertificateRequestStatus {
  readonly beginRefreshAt?: meta.Time
  readonly certificateChain?: string
  readonly conditions?: readonly meta.Condition[]
  readonly notAfter?: meta.Time
  readonly notBefore?: meta.Time
}
