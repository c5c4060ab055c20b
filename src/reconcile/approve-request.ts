import { CertificateSigningRequest } from '../api/certificates/certificate-signing-request/kind.ts'
import type { certificates } from '../api/generated/types/index.ts'
import type { Client } from '../client/client.ts'

type Request = certificates.v1.CertificateSigningRequest

/** Says of a certificate request that its signer may sign it. */
export async function approveRequest(api: Client, request: Request, message: string): Promise<void> {
  const condition = { type: 'Approved', status: 'True', reason: 'AutoApproved', message }
  const conditions = [...(request.status?.conditions ?? []), condition]
  const approved: Request = { ...request, status: { ...request.status, conditions } }
  const name = request.metadata?.name ?? ''
  await api.resource(CertificateSigningRequest).updateSubresource('', name, 'approval', approved)
}
