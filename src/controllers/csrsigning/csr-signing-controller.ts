import { CertificateSigningRequest } from '../../api/certificates/certificate-signing-request/kind.ts'
import { parseRequest } from '../../api/certificates/certificate-signing-request/parse-request.ts'
import {
  hasCondition,
  isApproved,
  isIssued,
} from '../../api/certificates/certificate-signing-request/request-state.ts'
import type { certificates } from '../../api/generated/types/index.ts'
import { formatTime } from '../../apimachinery/time.ts'
import { encodeBase64 } from '../../base/base64.ts'
import {
  type AnyController,
  defineController,
  done,
  type Outcome,
  type ReconcileContext,
} from '../../reconcile/controller.ts'
import { usageTerms } from './key-usages.ts'
import { clusterSigners, planValidity } from './plan-certificate.ts'
import type { RequestSigner } from './request-signer.ts'

type Request = certificates.v1.CertificateSigningRequest

/** Upstream's --cluster-signing-duration: a year. */
const defaultDurationMs = 8_760 * 3_600_000

export interface CsrSigningOptions {
  /** By the names of `clusterSigners`; a signer that is absent signs nothing. */
  readonly signers: ReadonlyMap<string, RequestSigner>
  /** The longest that a certificate is good for; a year where absent. */
  readonly durationMs?: number
}

async function refuse(request: Request, message: string, { api, host }: ReconcileContext): Promise<Outcome> {
  const condition = {
    type: 'Failed',
    status: 'True',
    reason: 'SignerValidationFailure',
    message,
    lastUpdateTime: formatTime(host.now()),
  }
  const conditions = [...(request.status?.conditions ?? []), condition]
  const failed = { ...request, status: { ...request.status, conditions } }
  await api.resource(CertificateSigningRequest).updateStatus(failed)
  return done
}

/** Signs approved requests to Kubernetes' own signers. */
export function csrSigningController({
  signers,
  durationMs = defaultDurationMs,
}: CsrSigningOptions): AnyController {
  return defineController({
    name: 'certificatesigningrequest-signing',
    reconciles: CertificateSigningRequest,
    when: (request) => request !== undefined && isApproved(request) && !isIssued(request),
    permissions: [
      {
        group: 'certificates.k8s.io',
        resources: ['certificatesigningrequests/status'],
        verbs: ['update'],
      },
      { group: 'certificates.k8s.io', resources: ['signers'], verbs: ['sign'] },
    ],
    backOff: { baseMs: 200, maxMs: 1_000_000 },
    reconcile: async (name, context) => {
      const request = context.cache.of(CertificateSigningRequest).get('', name)
      if (request === undefined || isIssued(request) || !isApproved(request)) return done
      const { signerName = '', usages = [], expirationSeconds, request: pem = '' } = request.spec ?? {}
      const signer = signers.get(signerName)
      if (signer === undefined || hasCondition(request, 'Failed')) return done
      const parsed = parseRequest(pem)
      if ('error' in parsed) throw new Error(`unable to parse csr "${name}": ${parsed.error}`)
      const problem = clusterSigners.get(signerName)?.(parsed, usages)
      if (problem !== undefined) return refuse(request, problem, context)
      const validity = planValidity(expirationSeconds, durationMs, signer.notAfterMs, context.host.now())
      const certificate = signer.sign(parsed, { ...usageTerms(usages), ...validity })
      const status = {
        ...request.status,
        certificate: encodeBase64(new TextEncoder().encode(certificate)),
      }
      await context.api.resource(CertificateSigningRequest).updateStatus({ ...request, status })
      return done
    },
  })
}
