import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Deployment } from '../../src/api/apps/deployment/kind.ts'
import { ConfigMap } from '../../src/api/core/config-map/kind.ts'
import { Namespace } from '../../src/api/core/namespace/kind.ts'
import { Pod } from '../../src/api/core/pod/kind.ts'
import { realHost } from '../../src/base/host/real-host.ts'
import type { Client } from '../../src/client/client.ts'
import { createClient } from '../../src/client/create-client.ts'
import { createHttpsTransport } from '../../src/client/https/https-transport.ts'
import { loadKubeconfig } from '../../src/client/https/kubeconfig.ts'
import type { Subject } from '../../src/cluster/pki/certificate.ts'
import { componentSubjects, ensurePki, type Pki } from '../../src/cluster/pki/ensure-pki.ts'
import { whyNoEtcd } from '../../src/storage/etcd/testing/etcd-process.ts'
import { ask } from './support/ask.ts'
import { ComponentCluster, type RunningComponent } from './support/components.ts'
import { until } from './support/until.ts'
import { deployment } from './support/workloads.ts'

const slow = 60_000
const namespace = 'default'

/** The flags of kubeadm v1.36's manifests, in its order (`cmd/kubeadm/app/phases/controlplane/manifests.go`), but for ports and addresses. */
const flags = {
  apiserver: (pki: string, etcd: string, servers: string): readonly string[] => [
    '--advertise-address=127.0.0.1',
    '--allow-privileged=true',
    '--authorization-mode=Node,RBAC',
    `--client-ca-file=${pki}/ca.crt`,
    '--enable-admission-plugins=NodeRestriction',
    '--enable-bootstrap-token-auth=true',
    `--etcd-cafile=${etcd}/ca.pem`,
    `--etcd-certfile=${etcd}/client.pem`,
    `--etcd-keyfile=${etcd}/client-key.pem`,
    `--etcd-servers=${servers}`,
    `--kubelet-client-certificate=${pki}/apiserver-kubelet-client.crt`,
    `--kubelet-client-key=${pki}/apiserver-kubelet-client.key`,
    '--kubelet-preferred-address-types=InternalIP,ExternalIP,Hostname',
    `--proxy-client-cert-file=${pki}/front-proxy-client.crt`,
    `--proxy-client-key-file=${pki}/front-proxy-client.key`,
    '--requestheader-allowed-names=front-proxy-client',
    `--requestheader-client-ca-file=${pki}/front-proxy-ca.crt`,
    '--requestheader-extra-headers-prefix=X-Remote-Extra-',
    '--requestheader-group-headers=X-Remote-Group',
    '--requestheader-username-headers=X-Remote-User',
    '--service-account-issuer=https://kubernetes.default.svc.cluster.local',
    `--service-account-key-file=${pki}/sa.pub`,
    `--service-account-signing-key-file=${pki}/sa.key`,
    '--service-cluster-ip-range=10.96.0.0/16,fd00:10:96::/112',
    `--tls-cert-file=${pki}/apiserver.crt`,
    `--tls-private-key-file=${pki}/apiserver.key`,
  ],
  'controller-manager': (pki: string, config: string): readonly string[] => [
    '--allocate-node-cidrs=true',
    `--authentication-kubeconfig=${config}`,
    `--authorization-kubeconfig=${config}`,
    `--client-ca-file=${pki}/ca.crt`,
    '--cluster-cidr=10.244.0.0/16,fd00:10:244::/56',
    '--cluster-name=kubernetes',
    `--cluster-signing-cert-file=${pki}/ca.crt`,
    `--cluster-signing-key-file=${pki}/ca.key`,
    '--controllers=*,bootstrapsigner,tokencleaner',
    `--kubeconfig=${config}`,
    '--leader-elect=true',
    `--requestheader-client-ca-file=${pki}/front-proxy-ca.crt`,
    `--root-ca-file=${pki}/ca.crt`,
    `--service-account-private-key-file=${pki}/sa.key`,
    '--service-cluster-ip-range=10.96.0.0/16,fd00:10:96::/112',
    '--use-service-account-credentials=true',
  ],
  scheduler: (config: string): readonly string[] => [
    `--authentication-kubeconfig=${config}`,
    `--authorization-kubeconfig=${config}`,
    `--kubeconfig=${config}`,
    '--leader-elect=true',
  ],
}

describe.skipIf(whyNoEtcd !== '')(`a control plane with the flags that kubeadm writes ${whyNoEtcd}`, () => {
  let cluster: ComponentCluster
  let pki: Pki
  let server: RunningComponent
  let manager: RunningComponent
  let scheduler: RunningComponent
  let admin: Client
  const closes: (() => Promise<void>)[] = []

  const kubeconfig = (name: string, subject: Subject): string => {
    const { certificatePem, keyPem } = pki.client(name, subject)
    const base64 = (pem: string): string => Buffer.from(pem).toString('base64')
    const server_ = `https://127.0.0.1:${server.port}`
    const file = join(cluster.folder, `${name}.conf`)
    const config = {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [
        {
          name: 'kubernetes',
          cluster: { server: server_, 'certificate-authority-data': base64(pki.ca.certificatePem) },
        },
      ],
      users: [
        {
          name,
          user: { 'client-certificate-data': base64(certificatePem), 'client-key-data': base64(keyPem) },
        },
      ],
      contexts: [{ name, context: { cluster: 'kubernetes', user: name } }],
      'current-context': name,
    }
    writeFileSync(file, JSON.stringify(config))
    return file
  }

  beforeAll(async () => {
    cluster = await ComponentCluster.create()
    const names = { serverNames: ['127.0.0.1'], serviceAddress: '10.96.0.1', clusterDomain: 'cluster.local' }
    pki = await ensurePki(join(cluster.folder, 'pki'), { host: realHost, ...names })
    const { etcd } = cluster
    const urls = etcd.servers.urls.join()
    server = await cluster.run('apiserver', flags.apiserver(pki.directory, etcd.folder, urls))
    const managers = kubeconfig('controller-manager', componentSubjects['controller-manager'])
    const schedulers = kubeconfig('scheduler', componentSubjects.scheduler)
    manager = await cluster.run('controller-manager', flags['controller-manager'](pki.directory, managers))
    // Kubelets start it again until the API server tells whose certificates count.
    await until('the server is ready', async () => (await ask(server.port, '/readyz'))[0] === 200, slow)
    scheduler = await cluster.run('scheduler', flags.scheduler(schedulers))
    const transport = createHttpsTransport({
      host: realHost,
      ...loadKubeconfig(kubeconfig('admin', componentSubjects.admin)),
    })
    closes.push(() => transport.close())
    admin = createClient(transport)
  })
  afterAll(async () => {
    for (const close of closes) await close()
    await cluster?.dispose()
  })

  test('controllers and the scheduler work', async () => {
    for (const { port } of [manager, scheduler])
      await until('it is well', async () => (await ask(port, '/healthz'))[0] === 200, slow)
    await until('the namespace is there', () => admin.resource(Namespace).get('', namespace), slow)
    await until('pods can be made', () => admin.resource(Deployment).create(deployment('web', 2)), slow)
    const pods = await until(
      'both pods are there, and known to fit nowhere',
      async () => {
        const { items } = await admin.resource(Pod).list({ namespace })
        const judged = items.filter(({ status }) => status?.conditions?.[0]?.reason === 'Unschedulable')
        return judged.length === 2 ? items : undefined
      },
      slow,
    )
    expect(pods[0]?.spec?.serviceAccountName).toBe('default')
    const info = await until(
      'the signer of cluster-info has signed',
      async () => {
        const root = await admin.resource(ConfigMap).get(namespace, 'kube-root-ca.crt')
        return root.data?.['ca.crt']
      },
      slow,
    )
    expect(info).toBe(pki.ca.certificatePem)
  })

  test.each([
    ['kube-controller-manager', () => manager],
    ['kube-scheduler', () => scheduler],
  ])(
    '%s knows callers by certificates, and those that a front proxy speaks for',
    async (_name, component) => {
      const { port } = component()
      const pair = ({ certificatePem: cert, keyPem: key }: { certificatePem: string; keyPem: string }) => ({
        ...{ cert, key },
      })
      const client = pair(pki.client('admin', componentSubjects.admin))
      expect((await ask(port, '/metrics', undefined, client))[0]).toBe(200)
      expect((await ask(port, '/metrics'))[0]).toBe(403)
      const proxy = pair(pki.frontProxyClient)
      const as = (user: string, group: string) => ({
        ...proxy,
        headers: { 'x-remote-user': user, 'x-remote-group': group },
      })
      expect((await ask(port, '/metrics', undefined, as('kubernetes-admin', 'system:masters')))[0]).toBe(200)
      const refused = await ask(port, '/metrics', undefined, as('jane', 'dev'))
      expect(refused).toEqual([
        403,
        expect.stringContaining('User \\"jane\\" cannot get path \\"/metrics\\"'),
      ])
      const headers = { 'x-remote-user': 'kubernetes-admin', 'x-remote-group': 'system:masters' }
      expect((await ask(port, '/metrics', undefined, { headers }))[0]).toBe(403)
    },
  )

  test('the API server shows its own certificate, in two address families', async () => {
    expect(readFileSync(join(pki.directory, 'apiserver.crt'), 'utf8')).toBe(pki.apiServer.certificatePem)
    const { data } = await admin.resource(ConfigMap).get('kube-system', 'extension-apiserver-authentication')
    expect(data?.['requestheader-allowed-names']).toBe('["front-proxy-client"]')
    expect(
      (
        await ask(server.port, '/flagz', undefined, {
          cert: pki.client('admin', componentSubjects.admin).certificatePem,
          key: pki.client('admin', componentSubjects.admin).keyPem,
        })
      )[1],
    ).toContain('service-cluster-ip-range=10.96.0.0/16,fd00:10:96::/112')
  })
})
