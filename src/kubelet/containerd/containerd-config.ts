import type { RuntimeHandler } from './runtime-handlers.ts'

/** What a private containerd is told. Paths are absolute. */
export interface ContainerdConfig {
  readonly root: string
  readonly state: string
  /** Its gRPC socket; the ttrpc one is beside it. At most 100 bytes, the kernel's limit for socket paths. */
  readonly socket: string
  readonly sandboxImage: string
  readonly cni: { readonly binDir: string; readonly confDir: string }
  /** Holds `<host>/hosts.toml` for registries. */
  readonly registryDir: string
  readonly systemdCgroup: boolean
  /** The process may not lower oom_score_adj: it lacks CAP_SYS_RESOURCE. */
  readonly restrictOomScoreAdj: boolean
  readonly snapshotter: 'overlayfs' | 'native'
  /** Absolute path of the OCI runtime; containerd's own choice (runc) when absent. */
  readonly runtimeBinary?: string
  /** Address that streaming requests are served on. */
  readonly streamAddress: string
  /** The hugetlb controller is there. */
  readonly hugetlb: boolean
  /** Beside runc. */
  readonly handlers: readonly RuntimeHandler[]
}

const quote = (text: string): string => JSON.stringify(text)

/** Plugins that need devices or services that are none of ours: left out, start-up is quicker and quieter. */
const disabled = [
  'io.containerd.snapshotter.v1.aufs',
  'io.containerd.snapshotter.v1.btrfs',
  'io.containerd.snapshotter.v1.devmapper',
  'io.containerd.snapshotter.v1.zfs',
  'io.containerd.internal.v1.tracing',
  'io.containerd.tracing.processor.v1.otlp',
]

/**
 * containerd's configuration file, version 2 (containerd 1.6 and later). Programs that are not root may bind low ports
 * and send ICMP echoes, in network namespaces of their own: the default since containerd 2.0, which upstream is tested
 * with.
 */
export function containerdConfig(config: ContainerdConfig): string {
  const cri = 'plugins."io.containerd.grpc.v1.cri"'
  const binary = config.runtimeBinary
  return `version = 2
root = ${quote(config.root)}
state = ${quote(config.state)}
disabled_plugins = [${disabled.map(quote).join(', ')}]

[grpc]
address = ${quote(config.socket)}

[ttrpc]
address = ${quote(`${config.socket}.ttrpc`)}

[plugins."io.containerd.internal.v1.opt"]
path = ${quote(`${config.root}/opt`)}

[${cri}]
sandbox_image = ${quote(config.sandboxImage)}
stream_server_address = ${quote(config.streamAddress)}
stream_server_port = "0"
restrict_oom_score_adj = ${config.restrictOomScoreAdj}
tolerate_missing_hugetlb_controller = true
disable_hugetlb_controller = ${!config.hugetlb}
enable_unprivileged_ports = true
enable_unprivileged_icmp = true

[${cri}.cni]
bin_dir = ${quote(config.cni.binDir)}
conf_dir = ${quote(config.cni.confDir)}
max_conf_num = 1

[${cri}.registry]
config_path = ${quote(config.registryDir)}

[${cri}.containerd]
snapshotter = ${quote(config.snapshotter)}
default_runtime_name = "runc"

[${cri}.containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"

[${cri}.containerd.runtimes.runc.options]
SystemdCgroup = ${config.systemdCgroup}
${binary === undefined ? '' : `BinaryName = ${quote(binary)}\n`}${config.handlers.map(({ tables }) => `\n${tables}`).join('')}`
}
