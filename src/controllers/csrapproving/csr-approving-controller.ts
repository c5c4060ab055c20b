import { SubjectAccessReview } from '../../api/authorization/subject-access-review/kind.ts'
import { CertificateSigningRequest } from '../../api/certificates/certificate-signing-request/kind.ts'
import {
  kubeletClientProblem,
  kubeletClientSigner,
} from '../../api/certificates/certificate-signing-request/kubelet-requests.ts'
import { parseRequest } from '../../api/certificates/certificate-signing-request/parse-request.ts'
import { hasCondition, isIssued } from '../../api/certificates/certificate-signing-request/request-state.ts'
import { present } from '../../api/defaulting.ts'
import type { certificates } from '../../api/generated/types/index.ts'
import type { CertificateRequest } from '../../base/certificate-request.ts'
import { approveRequest } from '../../reconcile/approve-request.ts'
import {
  type AnyController,
  defineController,
  done,
  type ReconcileContext,
  RetryError,
} from '../../reconcile/controller.ts'

type Request = certificates.v1.CertificateSigningRequest

interface Recognizer {
  /** What the requester must be allowed to create. */
  readonly subresource: string
  readonly message: string
  recognizes(request: Request, parsed: CertificateRequest): boolean
}

const isNodeClient = ({ spec }: Request, parsed: CertificateRequest): boolean =>
  spec?.signerName === kubeletClientSigner && kubeletClientProblem(parsed, spec.usages ?? []) === undefined

const recognizers: readonly Recognizer[] = [
  {
    subresource: 'selfnodeclient',
    message: 'Auto approving self kubelet client certificate after SubjectAccessReview.',
    recognizes: (request, parsed) =>
      request.spec?.username === parsed.commonName && isNodeClient(request, parsed),
  },
  {
    subresource: 'nodeclient',
    message: 'Auto approving kubelet client certificate after SubjectAccessReview.',
    recognizes: isNodeClient,
  },
]

async function mayCreate(
  { spec }: Request,
  subresource: string,
  { api }: ReconcileContext,
): Promise<boolean> {
  const { username, uid, groups, extra } = spec ?? {}
  const resourceAttributes = {
    group: 'certificates.k8s.io',
    version: '*',
    resource: 'certificatesigningrequests',
    subresource,
    verb: 'create',
  }
  const review = await api
    .resource(SubjectAccessReview)
    .create({ spec: present({ user: username, uid, groups, extra, resourceAttributes }) })
  return review.status?.allowed === true
}

/** Approves nodes' requests for client certificates of those who may have them. */
export const csrApprovingController: AnyController = defineController({
  name: 'certificatesigningrequest-approving',
  reconciles: CertificateSigningRequest,
  when: (request) => request !== undefined,
  permissions: [
    { group: 'certificates.k8s.io', resources: ['certificatesigningrequests/approval'], verbs: ['update'] },
    { group: 'certificates.k8s.io', resources: ['signers'], verbs: ['approve'] },
    { group: 'authorization.k8s.io', resources: ['subjectaccessreviews'], verbs: ['create'] },
  ],
  backOff: { baseMs: 200, maxMs: 1_000_000 },
  reconcile: async (name, context) => {
    const request = context.cache.of(CertificateSigningRequest).get('', name)
    if (request === undefined || isIssued(request)) return done
    if (hasCondition(request, 'Approved') || hasCondition(request, 'Denied')) return done
    const parsed = parseRequest(request.spec?.request ?? '')
    if ('error' in parsed) throw new Error(`unable to parse csr "${name}": ${parsed.error}`)
    const tried = recognizers.filter((recognizer) => recognizer.recognizes(request, parsed))
    for (const { subresource, message } of tried) {
      if (!(await mayCreate(request, subresource, context))) continue
      await approveRequest(context.api, request, message)
      return done
    }
    if (tried.length === 0) return done
    const names = tried.map(({ subresource }) => subresource).join(' ')
    throw new RetryError(`recognized csr "${name}" as [${names}] but subject access review was not approved`)
  },
})
