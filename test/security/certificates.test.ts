import { attempts, type Row } from './support/attempts.ts'
import { certificateRequest } from './support/certificate-request.ts'
import type { Ground } from './support/ground.ts'
import type { Attempt } from './support/send.ts'

const rbac = '/apis/rbac.authorization.k8s.io/v1'
const apiGroup = 'rbac.authorization.k8s.io'
const requests = '/apis/certificates.k8s.io/v1/certificatesigningrequests'
const masters = 'system:masters'
const client = 'kubernetes.io/kube-apiserver-client'
const kubeletClient = 'kubernetes.io/kube-apiserver-client-kubelet'
const kubeletServing = 'kubernetes.io/kubelet-serving'

/** May ask for certificates, and nothing else. */
const asker = 'asker'
/** May besides write approvals and statuses of requests, of no signer. */
const clerk = 'clerk'
/** May approve and sign what one signer of its own is asked for. */
const signer = 'signer'

const request = (spec: object, more: object = {}): object => ({
  apiVersion: 'certificates.k8s.io/v1',
  kind: 'CertificateSigningRequest',
  metadata: { name: 'mine' },
  spec: { signerName: client, usages: ['client auth'], ...spec },
  ...more,
})
const forMasters = (more: object = {}): object => ({
  request: certificateRequest('root', [masters]),
  ...more,
})

async function prepare({ api }: Ground): Promise<void> {
  const grant = async (user: string, rules: readonly object[]): Promise<void> => {
    await api.create(`${rbac}/clusterroles`, { metadata: { name: user }, rules })
    await api.create(`${rbac}/clusterrolebindings`, {
      metadata: { name: user },
      roleRef: { apiGroup, kind: 'ClusterRole', name: user },
      subjects: [{ kind: 'User', apiGroup, name: user }],
    })
  }
  const group = { apiGroups: ['certificates.k8s.io'] }
  const asking = { ...group, resources: ['certificatesigningrequests'], verbs: ['create', 'get', 'update'] }
  const resources = ['certificatesigningrequests/approval', 'certificatesigningrequests/status']
  const writing = { ...group, resources, verbs: ['update', 'patch'] }
  await grant(asker, [asking])
  await grant(clerk, [asking, writing])
  await grant(signer, [
    asking,
    writing,
    { ...group, resources: ['signers'], resourceNames: ['example.com/mine'], verbs: ['approve', 'sign'] },
  ])
  for (const [name, signerName] of Object.entries({
    pending: client,
    kubelet: kubeletClient,
    foreign: 'example.com/others',
  })) {
    const spec = { request: certificateRequest('x', []), signerName, usages: ['client auth'] }
    await api.create(requests, { ...request(spec), metadata: { name } })
  }
}

const as = (user: string, what: string, attempt: Attempt, code: number, says: string | RegExp): Row => ({
  what: `${user}: ${what}`,
  attempt: (ground) => ({ certificate: ground.certificate(user), ...attempt }),
  code,
  says,
})

const subjects: readonly (readonly [what: string, organizations: readonly string[]])[] = [
  ['the administrators’ group', [masters]],
  ['the administrators’ group after another', ['developers', masters]],
  ['the administrators’ group before others', [masters, 'developers', 'operators']],
  ['the administrators’ group twice', [masters, masters]],
]

const masterful = `use of ${client} signer with ${masters} group is not allowed`

const asked: readonly Row[] = [
  ...[asker, clerk, signer].flatMap((user) =>
    subjects.map(([what, organizations]) =>
      as(
        user,
        `asks to be in ${what}`,
        { path: requests, body: request({ request: certificateRequest(user, organizations) }) },
        403,
        masterful,
      ),
    ),
  ),
  as(
    asker,
    'asks to be in the administrators’ group, without trying',
    { path: `${requests}?dryRun=All`, body: request(forMasters()) },
    403,
    masterful,
  ),
  as(
    asker,
    'asks to be in the administrators’ group by a generated name',
    { path: requests, body: { ...request(forMasters()), metadata: { generateName: 'csr-' } } },
    403,
    masterful,
  ),
  as(
    asker,
    'asks to be in the administrators’ group, as if it were an administrator',
    { path: requests, body: request(forMasters({ username: 'admin', groups: [masters], uid: '0' })) },
    403,
    masterful,
  ),
  as(
    asker,
    'asks to be in the administrators’ group, with an approval',
    {
      path: requests,
      body: request(forMasters(), { status: { conditions: [{ type: 'Approved', status: 'True' }] } }),
    },
    403,
    masterful,
  ),
  as(
    asker,
    'asks to be in the administrators’ group by an update that creates',
    { path: `${requests}/mine`, method: 'PUT', body: request(forMasters()) },
    404,
    'not found',
  ),
  as(
    asker,
    'applies a request',
    {
      path: `${requests}/mine?fieldManager=x`,
      method: 'PATCH',
      contentType: 'application/apply-patch+yaml',
      body: request(forMasters()),
    },
    403,
    'cannot patch resource',
  ),
  as(
    asker,
    'asks a signer of old',
    { path: requests, body: request(forMasters({ signerName: 'kubernetes.io/legacy-unknown' })) },
    422,
    'the legacy signerName is not allowed via this API version',
  ),
  as(
    asker,
    'asks no signer',
    { path: requests, body: request(forMasters({ signerName: '' })) },
    422,
    'spec.signerName',
  ),
  as(
    asker,
    'asks a signer without a domain',
    { path: requests, body: request(forMasters({ signerName: 'x' })) },
    422,
    'spec.signerName',
  ),
  as(
    asker,
    'asks for no usage',
    { path: requests, body: request(forMasters({ signerName: 'example.com/x', usages: [] })) },
    422,
    'usages',
  ),
  as(
    asker,
    'asks for an unknown usage',
    { path: requests, body: request(forMasters({ signerName: 'example.com/x', usages: ['root'] })) },
    422,
    'usages',
  ),
  as(
    asker,
    'asks for an instant',
    { path: requests, body: request(forMasters({ signerName: 'example.com/x', expirationSeconds: 1 })) },
    422,
    'expirationSeconds',
  ),
  as(
    asker,
    'shows a certificate instead of a request',
    {
      path: requests,
      body: request({
        request: Buffer.from('-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n').toString(
          'base64',
        ),
      }),
    },
    422,
    'spec.request',
  ),
]

const approval = (type = 'Approved', name = 'pending', signerName = client): object => ({
  ...request({ request: certificateRequest('x', []), signerName }),
  metadata: { name },
  status: { conditions: [{ type, status: 'True', reason: 'x', message: 'x' }] },
})
const approving = (name: string, signerName: string, type?: string): Attempt => ({
  path: `${requests}/${name}/approval`,
  method: 'PUT',
  body: approval(type, name, signerName),
})
const signing = (name: string, signerName: string): Attempt => ({
  path: `${requests}/${name}/status`,
  method: 'PUT',
  body: { ...approval('Failed', name, signerName) },
})
const mayNot = (what: string, name: string): string =>
  `user not permitted to ${what} requests with signerName \\"${name}\\"`

const decided: readonly Row[] = [
  as(asker, 'approves its own', approving('pending', client), 403, 'cannot update resource'),
  as(asker, 'signs its own', signing('pending', client), 403, 'cannot update resource'),
  ...[clerk, signer].flatMap((user) =>
    Object.entries({ pending: client, kubelet: kubeletClient, foreign: 'example.com/others' }).flatMap(
      ([name, signerName]) => [
        as(
          user,
          `approves for ${signerName}`,
          approving(name, signerName),
          403,
          mayNot('approve', signerName),
        ),
        as(
          user,
          `denies for ${signerName}`,
          approving(name, signerName, 'Denied'),
          403,
          mayNot('approve', signerName),
        ),
        as(user, `fails for ${signerName}`, signing(name, signerName), 403, mayNot('sign', signerName)),
      ],
    ),
  ),
  as(
    signer,
    'approves for another signer, as if it were asked itself',
    approving('pending', 'example.com/mine'),
    403,
    mayNot('approve', client),
  ),
  as(
    signer,
    'signs for another signer, as if it were asked itself',
    signing('pending', 'example.com/mine'),
    403,
    mayNot('sign', client),
  ),
  as(
    signer,
    'approves by a patch',
    {
      path: `${requests}/pending/approval`,
      method: 'PATCH',
      contentType: 'application/merge-patch+json',
      body: {
        spec: { signerName: 'example.com/mine' },
        status: { conditions: [{ type: 'Approved', status: 'True' }] },
      },
    },
    403,
    mayNot('approve', client),
  ),
  as(
    clerk,
    'deletes what others ask for',
    { path: `${requests}/pending`, method: 'DELETE' },
    403,
    'cannot delete resource',
  ),
  as(
    clerk,
    'trusts an authority of its own',
    {
      path: '/apis/certificates.k8s.io/v1beta1/clustertrustbundles',
      body: { metadata: { name: 'mine' }, spec: { trustBundle: '' } },
    },
    403,
    'forbidden',
  ),
  as(
    clerk,
    'asks for a kubelet’s serving certificate for an administrator',
    {
      path: `${requests}/kubelet/approval`,
      method: 'PUT',
      body: approval('Approved', 'kubelet', kubeletServing),
    },
    403,
    mayNot('approve', kubeletClient),
  ),
]

attempts('certificates that nobody may have', prepare, [...asked, ...decided])
