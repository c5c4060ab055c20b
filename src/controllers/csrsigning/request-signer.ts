import type { CertificateRequest } from '../../base/certificate-request.ts'

/** What a certificate is to say beside what was asked for. */
export interface CertificateTerms {
  /** Bits of the KeyUsage extension, the first in the lowest. */
  readonly keyUsage: number
  /** Object identifiers of the ExtKeyUsage extension. */
  readonly extendedKeyUsages: readonly string[]
  readonly notBeforeMs: number
  readonly notAfterMs: number
}

/** Holds an authority's key, which controllers never see. */
export interface RequestSigner {
  /** When the authority's own certificate ends. */
  readonly notAfterMs: number
  /** A certificate, PEM. Throws an Error where the request is not signed by its own key. */
  sign(request: CertificateRequest, terms: CertificateTerms): string
}
