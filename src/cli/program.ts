import { resolve } from 'node:path'
import { Command, InvalidArgumentError } from 'commander'
import { apiServerFileFlags } from '../cluster/api-server-files.ts'
import { duration } from '../cluster/components/flags/flag-types.ts'
import { timonelVersion } from '../cluster/version.ts'

/** A whole number of at least `least` and at most `most`. */
const wholeNumber =
  (least: number, most = Number.MAX_SAFE_INTEGER) =>
  (text: string): number => {
    const value = Number(text)
    if (text.trim() === '' || !Number.isSafeInteger(value) || value < least) {
      throw new InvalidArgumentError(`It must be a whole number of at least ${least}.`)
    }
    if (value > most) throw new InvalidArgumentError(`It must be at most ${most}.`)
    return value
  }

/** A decimal number that is not negative. */
function energy(text: string): number {
  const value = Number(text)
  if (text.trim() === '' || !(value >= 0))
    throw new InvalidArgumentError('It must be a number of at least 0.')
  return value
}

interface Mirror {
  readonly host: string
  readonly endpoint: string
}

/** `registry.k8s.io=http://127.0.0.1:5000`, once more for each registry. */
function registryMirror(text: string, before: readonly Mirror[]): readonly Mirror[] {
  const [, host = '', endpoint = ''] = /^([^=]+)=(https?:\/\/.+)$/.exec(text) ?? []
  if (host === '')
    throw new InvalidArgumentError(
      'It must be a registry and a URL, like registry.k8s.io=http://127.0.0.1:5000.',
    )
  return [...before, { host, endpoint }]
}

/** `30000-32767` */
function portRange(text: string): { readonly first: number; readonly last: number } {
  const [, first, last] = /^(\d+)-(\d+)$/.exec(text) ?? []
  const range = { first: Number(first), last: Number(last) }
  if (!(range.first >= 1 && range.first <= range.last && range.last <= 65_535)) {
    throw new InvalidArgumentError('It must be two ports, like 30000-32767.')
  }
  return range
}

/** `1h30m`, in milliseconds. */
function goDuration(text: string): number {
  try {
    return duration('', 0).parse(text, undefined)
  } catch {
    throw new InvalidArgumentError('It must be a duration, like 5m or 1h30m.')
  }
}

const oneOf =
  <T extends string>(...choices: readonly T[]) =>
  (text: string): T => {
    const choice = choices.find((each) => each === text)
    if (choice === undefined) throw new InvalidArgumentError(`It must be one of ${choices.join(', ')}.`)
    return choice
  }

function folder(text: string): string {
  if (text === '') throw new InvalidArgumentError('It must not be empty.')
  return resolve(text)
}

/** Absolute, for it is remembered; '' stands for none. */
const fileOrNone = (text: string): string => (text === '' ? '' : resolve(text))

/** The same, but for standard output. */
const fileOrOutput = (text: string): string => (text === '-' ? text : fileOrNone(text))

const dataDirectoryOption = [
  '--data-dir <folder>',
  'where the cluster is kept (root: /var/lib/timonel; others: ~/.local/share/timonel)',
  folder,
] as const

const componentCommands = {
  apiserver: 'run kube-apiserver as a process of its own',
  'controller-manager': 'run kube-controller-manager',
  scheduler: 'run kube-scheduler',
  kubelet: 'run kubelet',
  proxy: 'run kube-proxy',
  'login-server': 'log people of LDAP, Active Directory or SAML in, for tokens that API servers trust',
  envtest: 'print the folder that envtest takes as KUBEBUILDER_ASSETS',
}

function addRebalance(command: Command): void {
  command
    .command('rebalance')
    .description('which pods to evict so that the scheduler places them better, and what that gains')
    .option(...dataDirectoryOption)
    .option('--kubeconfig <file>', 'of another cluster', folder)
    .option('--goal <goal>', 'balance or pack', oneOf('balance', 'pack'), 'balance')
    .option('--max-moves <count>', 'at most so many pods are moved', wholeNumber(1), 20)
    .option('--move-cost <energy>', 'what a move must gain to be worth it', energy, 0.01)
    .option('-n, --namespace <name...>', 'only pods of these (default: all)', [])
    .option('--delete-emptydir-data', 'also pods with emptyDir volumes')
    .option('--scheduler-config <file>', "the scheduler's (default: as up was given it)", folder)
    .option('--scheduler-plugin <file...>', "the scheduler's (default: as up was given them)")
    .option('--seed <number>', 'the same plan for the same cluster', wholeNumber(0))
    .option('--evict', 'do it, one pod after another')
    .option('-o, --output <format>', 'json', oneOf('json'))
    .action(async (options) => (await import('./commands/rebalance.ts')).rebalance(options))
}

/** `signing,authentication` */
const words = (text: string): readonly string[] => text.split(',').filter((word) => word !== '')

/** Once more for each. */
const collected = (text: string, before: readonly string[]): readonly string[] => [...before, text]

const logLevelOption = [
  '--log-level <level>',
  'debug, info, warn or error',
  oneOf('debug', 'info', 'warn', 'error'),
  'warn',
] as const

const mirrorOption = [
  '--registry-mirror <host=url>',
  'where images of a registry come from; may be repeated',
  registryMirror,
  [],
] as const

function addToken(command: Command): void {
  const token = command.command('token').description('tokens that other machines join the cluster with')
  token
    .command('create [token]')
    .description('let other machines join, and print a token for them')
    .option(...dataDirectoryOption)
    .option('--print-join-command', 'print the whole command for the other machine', false)
    .option('--ttl <duration>', 'how long it is good, like 24h; 0: for good', goDuration, 24 * 3_600_000)
    .option('--usages <usages>', 'what it is good for', words, ['signing', 'authentication'])
    .option('--groups <groups>', 'of who comes with it', words, [
      'system:bootstrappers:kubeadm:default-node-token',
    ])
    .option('--description <text>', 'for people')
    .option('--server <host:port>', 'how other machines reach the API server (default: by the first address)')
    .action(async (text, options) => (await import('./commands/token.ts')).create(text, options))
  token
    .command('list')
    .description('show all tokens')
    .option(...dataDirectoryOption)
    .action(async (options) => (await import('./commands/token.ts')).list(options))
  token
    .command('delete <tokens...>')
    .description('take tokens, or those with these first six letters, away')
    .option(...dataDirectoryOption)
    .action(async (texts, options) => (await import('./commands/token.ts')).remove(texts, options))
}

function addJoin(command: Command): void {
  command
    .command('join [host:port]')
    .description('make this machine a node of the cluster there, or of the one that it has joined before')
    .option('--detach', 'return when it is one, and leave it running', false)
    .option(...dataDirectoryOption)
    .option('--token <token>', 'what "timonel token create" has printed')
    .option(
      '--discovery-token-ca-cert-hash <hash>',
      "the public key of the cluster's authority, sha256:…; may be repeated",
      collected,
      [],
    )
    .option('--discovery-token-unsafe-skip-ca-verification', 'believe whoever knows the token', false)
    .option('--node-name <name>', "the node's name (default: the machine's)")
    .option('--node-ip <address>', "the node's address (default: that by which it reaches the API server)")
    .option(...mirrorOption)
    .option('--install-deps', 'install the system packages that are missing', false)
    .option(...logLevelOption)
    .action(async (endpoint, options) => (await import('./commands/join.ts')).join(endpoint, options))
}

/** The commands but for the components' own, which take upstream's flags. */
export function program(): Command {
  const command = new Command('timonel')
    .description('Kubernetes v1.36 in one program')
    .version(timonelVersion)
    .showHelpAfterError('(--help tells what there is)')
  const up = command
    .command('up')
    .description('start the cluster, or the same one again, and stay with it until Ctrl-C')
    .option('--detach', 'return when it is ready, and leave it running', false)
    .option(...dataDirectoryOption)
    .option(
      '--nodes <count>',
      'how many nodes; 0: a control plane only (default: as before, at first 1)',
      wholeNumber(0),
    )
    .option(
      '--runtime <name>',
      'auto, containerd or simulated (default: as before, at first auto)',
      oneOf('auto', 'containerd', 'simulated'),
    )
    .option(
      '--api-port <port>',
      'port of the API server; 0: any that is free (default: that of the last start, or 6443)',
      wholeNumber(0, 65_535),
    )
    .option('--install-deps', 'install the system packages that are missing', false)
    .option(
      '--etcd-servers <urls>',
      'the etcd to keep objects in, its members with commas between them (default: as before, at first the data directory)',
    )
    .option('--etcd-cafile <file>', "authority of etcd's certificate", folder)
    .option('--etcd-certfile <file>', 'certificate shown to etcd', folder)
    .option('--etcd-keyfile <file>', 'its key', folder)
    .option(
      '--auto-compaction-retention <duration>',
      'how long the past is kept, like 5m; 0: for good (default: 5m)',
      goDuration,
    )
    .option('--quota-backend-bytes <bytes>', 'how large the store may grow', wholeNumber(1))
    .option(
      '--scheduler-config <file>',
      "a KubeSchedulerConfiguration: profiles, plugins and their arguments (default: as before; '': none)",
      fileOrNone,
    )
    .option(
      '--scheduler-plugin <file>',
      "a module with scheduler plugins of your own; may be repeated (default: as before; '': none)",
      (file: string, before: readonly string[] = []) => [...before, fileOrNone(file)],
    )
    .option(
      '--stages <file>',
      "how simulated nodes and pods behave, in KWOK's form (default: as before; '': none)",
      fileOrNone,
    )
    .option(
      '--kubelet-config <file>',
      "a KubeletConfiguration for nodes with real containers (default: as before; '': none)",
      fileOrNone,
    )
    .option(
      '--feature-gates <name=bool,…>',
      'of API server, controllers and scheduler (default: as before, at first none)',
    )
    .option(
      '--runtime-config <api=bool,…>',
      "which APIs are served, like api/alpha=true (default: as before, at first upstream's)",
    )
    .option(...mirrorOption)
    .option('--service-cidr <cidr>', 'addresses of Services (default: 10.96.0.0/12)')
    .option('--dns-address <address>', "cluster DNS's address, one of the Services' (default: 10.96.0.10)")
    .option('--pod-cidr <cidr>', 'addresses of pods (default: 10.244.0.0/16, wider for more than 256 nodes)')
    .option(
      '--node-cidr-mask-size <bits>',
      "prefix length of each node's part of them (default: 24)",
      wholeNumber(1),
    )
    .option(
      '--service-node-port-range <range>',
      'ports of NodePort Services (default: 30000-32767)',
      portRange,
    )
    .option('--cluster-domain <domain>', "cluster DNS's domain (default: cluster.local)")
    .option('--dns-ttl <seconds>', 'how long its answers hold (default: 30)', wholeNumber(0))
    .option(...logLevelOption)
    .action(async (options) => (await import('./commands/up.ts')).up(options))
  for (const [name, what] of Object.entries(apiServerFileFlags))
    up.option(`--${name} <file>`, `${what} (default: as before; '': none)`, fileOrOutput)
  command
    .command('down')
    .description('stop the cluster: pods, containerd and network; what it holds is kept')
    .option(...dataDirectoryOption)
    .action(async (options) => (await import('./commands/down.ts')).down(options))
  command
    .command('delete')
    .description('stop the cluster and remove everything it has')
    .option(...dataDirectoryOption)
    .action(async (options) => (await import('./commands/delete.ts')).remove(options))
  command
    .command('status')
    .description('show whether the cluster runs, and its nodes')
    .option(...dataDirectoryOption)
    .option('-o, --output <format>', 'json', oneOf('json'))
    .action(async (options) => (await import('./commands/status.ts')).status(options))
  command
    .command('kubeconfig')
    .description("print the administrator's kubeconfig")
    .option(...dataDirectoryOption)
    .action(async (options) => (await import('./commands/kubeconfig.ts')).printKubeconfig(options))
  command
    .command('image')
    .description('container images')
    .command('load <files...>')
    .description('import image archives (OCI or docker save) on every node')
    .option(...dataDirectoryOption)
    .action(async (files, options) => (await import('./commands/image-load.ts')).imageLoad(files, options))
  command
    .command('why')
    .description('why things are as they are')
    .command('pod <name>')
    .description('why a pod is on its node, or on none: what refused it where, and what would help')
    .option(...dataDirectoryOption)
    .option(
      '--kubeconfig <file>',
      "of another cluster, or with a scheduler's own address as its server",
      folder,
    )
    .option('-n, --namespace <name>', "the pod's namespace (default: the kubeconfig's)")
    .option('-o, --output <format>', 'json', oneOf('json'))
    .action(async (name, options) => (await import('./commands/why.ts')).whyPod(name, options))
  addRebalance(command)
  addToken(command)
  addJoin(command)
  const certs = command.command('certs').description("the cluster's certificates")
  certs
    .command('check')
    .description('show when each expires; exits with 1 where one has, or soon will')
    .option(...dataDirectoryOption)
    .option('--within <duration>', 'what soon is, like 720h', goDuration, 30 * 24 * 3_600_000)
    .action(async (options) => (await import('./commands/certs.ts')).checkCertificates(options))
  certs
    .command('renew')
    .description('issue all but the authorities anew, for a year')
    .option(...dataDirectoryOption)
    .action(async (options) => (await import('./commands/certs.ts')).renew(options))
  command
    .command('login')
    .description(
      'print a token of an OpenID Connect issuer for kubectl, which runs it as a credential plugin',
    )
    .requiredOption('--issuer <url>', 'whose token')
    .requiredOption('--client-id <id>', 'as which client')
    .option(
      '--certificate-authority <file>',
      "authority of the issuer's certificate (default: the system's)",
      folder,
    )
    .option('--username <name>', 'log in with a password, without a browser')
    .option('--password-file <file>', 'where it is; - for standard input')
    .option('--directory <name>', 'whose user name it is, where the issuer knows several directories')
    .option(
      '--port <port>',
      'for the browser to come back to (default: any that is free)',
      wholeNumber(0, 65_535),
      0,
    )
    .option(
      '--cache-dir <folder>',
      'where tokens are kept until they end (default: ~/.cache/timonel/login)',
      folder,
    )
    .action(async (options) => (await import('./commands/login.ts')).login(options))
  // main.ts runs these: they are here for the list of commands.
  for (const [name, what] of Object.entries(componentCommands))
    command.command(name).description(`${what}; its --help tells its flags`)
  command
    .command('run-node', { hidden: true })
    .description('run one node; started by up')
    .requiredOption('--config <file>', 'its configuration')
    .action(async (options) => (await import('./commands/run-node.ts')).runOneNode(options))
  return command
}
