import { CertificateSigningRequest } from '../../api/certificates/certificate-signing-request/kind.ts'
import {
  kubeletServingProblem,
  kubeletServingSigner,
} from '../../api/certificates/certificate-signing-request/kubelet-requests.ts'
import { parseRequest } from '../../api/certificates/certificate-signing-request/parse-request.ts'
import { hasCondition, isIssued } from '../../api/certificates/certificate-signing-request/request-state.ts'
import { Node } from '../../api/core/node/kind.ts'
import { EndpointSlice } from '../../api/discovery/endpoint-slice/kind.ts'
import { ServiceCIDR } from '../../api/networking/service-cidr/kind.ts'
import { rangesOf } from '../../apimachinery/ip-address.ts'
import type { Client } from '../../client/client.ts'
import { approveRequest } from '../../reconcile/approve-request.ts'
import { type AnyController, defineController, done, RetryError } from '../../reconcile/controller.ts'
import { type Surroundings, servingRefusal } from './serving-refusal.ts'

const userPrefix = 'system:node:'

/** As they are now: there are few requests, and much time between them. */
async function surroundings(api: Client): Promise<Surroundings> {
  const [nodes, ranges, slices] = await Promise.all([
    api.resource(Node).list(),
    api.resource(ServiceCIDR).list(),
    api
      .resource(EndpointSlice)
      .list({ namespace: 'default', labelSelector: 'kubernetes.io/service-name=kubernetes' }),
  ])
  return {
    nodes: nodes.items,
    serviceRanges: rangesOf(...ranges.items.flatMap(({ spec }) => spec?.cidrs ?? [])),
    serverAddresses: slices.items.flatMap(({ endpoints }) =>
      (endpoints ?? []).flatMap(({ addresses }) => addresses ?? []),
    ),
  }
}

/** Approves what nodes want to serve with, where it is theirs. */
export const kubeletServingApprovingController: AnyController = defineController({
  name: 'kubelet-serving-approving',
  reconciles: CertificateSigningRequest,
  when: (request) => request?.spec?.signerName === kubeletServingSigner,
  permissions: [
    { group: 'certificates.k8s.io', resources: ['certificatesigningrequests/approval'], verbs: ['update'] },
    { group: 'certificates.k8s.io', resources: ['signers'], verbs: ['approve'] },
    { group: '', resources: ['nodes'], verbs: ['list'] },
    { group: 'networking.k8s.io', resources: ['servicecidrs'], verbs: ['list'] },
    { group: 'discovery.k8s.io', resources: ['endpointslices'], verbs: ['list'] },
  ],
  workers: 1,
  backOff: { baseMs: 200, maxMs: 1_000_000 },
  reconcile: async (name, { cache, api }) => {
    const request = cache.of(CertificateSigningRequest).get('', name)
    if (request === undefined || isIssued(request)) return done
    if (hasCondition(request, 'Approved') || hasCondition(request, 'Denied')) return done
    const parsed = parseRequest(request.spec?.request ?? '')
    if ('error' in parsed || kubeletServingProblem(parsed, request.spec?.usages ?? []) !== undefined)
      return done
    const { username = '' } = request.spec ?? {}
    if (username !== parsed.commonName) return done
    const refusal = servingRefusal(username.slice(userPrefix.length), parsed, await surroundings(api))
    if (refusal !== undefined) throw new RetryError(`csr "${name}" is not approved: ${refusal}`)
    await approveRequest(api, request, 'Auto approving kubelet serving certificate for its own addresses.')
    return done
  },
})
