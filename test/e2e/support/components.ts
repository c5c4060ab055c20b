import { type ChildProcess, spawn } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { realHost } from '../../../src/base/host/real-host.ts'
import { freePort } from '../../../src/base/host/testing/free-port.ts'
import type { Client } from '../../../src/client/client.ts'
import { createClient } from '../../../src/client/create-client.ts'
import { createHttpsTransport } from '../../../src/client/https/https-transport.ts'
import { loadKubeconfig } from '../../../src/client/https/kubeconfig.ts'
import { EtcdProcess } from '../../../src/storage/etcd/testing/etcd-process.ts'
import { listen } from './run.ts'

const proxyHealthPort = 10_256
const program = join(import.meta.dirname, '..', '..', '..', 'dist', 'timonel')

/** Tokens are the users' names. */
const tokens = `admin,admin,1,"system:masters"
system:kube-controller-manager,system:kube-controller-manager,2
system:kube-scheduler,system:kube-scheduler,3
stranger,stranger,4
system:node:worker,system:node:worker,5,"system:nodes"
reader,reader,6
system:kube-proxy,system:kube-proxy,7
`

export interface RunningComponent {
  readonly port: number
  /** What it has written. */
  said(): string
  /** By SIGTERM; resolves to its exit code. */
  stop(): Promise<number | null>
  kill(): Promise<void>
  /** To freeze it and to let it go on. */
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void
  /** Its exit code, when it has ended by itself. */
  ended(): Promise<number | null>
}

/** A control plane of processes, on one etcd. */
export class ComponentCluster {
  readonly etcd: EtcdProcess
  readonly folder: string
  readonly #children = new Set<ChildProcess>()
  readonly #closes: (() => Promise<void>)[] = []

  private constructor(etcd: EtcdProcess, folder: string) {
    this.etcd = etcd
    this.folder = folder
  }

  static async create(): Promise<ComponentCluster> {
    const folder = mkdtempSync(join(tmpdir(), 'timonel-components-'))
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    writeFileSync(join(folder, 'sa.key'), privateKey.export({ type: 'pkcs8', format: 'pem' }))
    writeFileSync(join(folder, 'sa.pub'), publicKey.export({ type: 'spki', format: 'pem' }))
    writeFileSync(join(folder, 'tokens.csv'), tokens)
    return new ComponentCluster(await EtcdProcess.start(), folder)
  }

  async run(command: string, args: readonly string[]): Promise<RunningComponent> {
    const port = await freePort()
    return this.#start(port, [command, `--secure-port=${port}`, '--bind-address=127.0.0.1', ...args])
  }

  async kubelet(args: readonly string[]): Promise<RunningComponent> {
    const port = await freePort()
    return this.#start(port, ['kubelet', `--port=${port}`, '--address=127.0.0.1', ...args])
  }

  /** In a network namespace of its own, whose file is named. */
  proxy(namespace: string, args: readonly string[]): RunningComponent {
    return this.#start(proxyHealthPort, ['proxy', ...args], ['nsenter', `--net=${namespace}`])
  }

  #start(port: number, command: readonly string[], inside: readonly string[] = []): RunningComponent {
    const [first = program, ...rest] = [...inside, program, ...command]
    const child = spawn(first, rest, { stdio: ['ignore', 'pipe', 'pipe'], cwd: this.folder })
    const said = listen(child)
    this.#children.add(child)
    const end = async (signal: NodeJS.Signals): Promise<number | null> => {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill(signal)
        await once(child, 'exit')
      }
      this.#children.delete(child)
      return child.exitCode
    }
    return {
      port,
      said: () => said().stderr,
      stop: () => end('SIGTERM'),
      kill: async () => void (await end('SIGKILL')),
      signal: (signal) => void child.kill(signal),
      ended: async () => {
        if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
        return child.exitCode
      },
    }
  }

  async apiServer(more: readonly string[] = []): Promise<RunningComponent> {
    const file = (name: string): string => join(this.etcd.folder, `${name}.pem`)
    return this.run('apiserver', [
      ...[`--etcd-servers=${this.etcd.servers.urls.join()}`, `--etcd-cafile=${file('ca')}`],
      ...[`--etcd-certfile=${file('client')}`, `--etcd-keyfile=${file('client-key')}`],
      ...['--cert-dir=certificates', '--authorization-mode=Node,RBAC', '--token-auth-file=tokens.csv'],
      ...['--service-account-issuer=https://kubernetes.default.svc', '--service-account-key-file=sa.pub'],
      ...['--service-account-signing-key-file=sa.key', '--service-cluster-ip-range=10.96.0.0/16'],
      ...more,
    ])
  }

  /** Its file's name. */
  kubeconfig(user: string, { port }: { readonly port: number }): string {
    const server = `https://127.0.0.1:${port}`
    const name = join(this.folder, `${user.replace('system:', '')}-${port}.conf`)
    const config = {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'c', cluster: { server, 'insecure-skip-tls-verify': true } }],
      users: [{ name: 'u', user: { token: user } }],
      contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
      'current-context': 'x',
    }
    writeFileSync(name, JSON.stringify(config))
    return name
  }

  client(user: string, server: RunningComponent): Client {
    const config = loadKubeconfig(this.kubeconfig(user, server))
    const transport = createHttpsTransport({ host: realHost, ...config })
    this.#closes.push(() => transport.close())
    return createClient(transport)
  }

  async dispose(): Promise<void> {
    for (const close of this.#closes) await close()
    for (const child of this.#children) child.kill('SIGKILL')
    await this.etcd.dispose()
    rmSync(this.folder, { recursive: true, force: true })
  }
}
