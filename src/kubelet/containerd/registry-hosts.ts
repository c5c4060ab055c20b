/** A registry that is reached otherwise than by HTTPS under its own name. */
export interface RegistryMirror {
  /** As images name it: `registry.example:5000`, `docker.io`. */
  readonly host: string
  /** Where it is: `http://127.0.0.1:5000`. */
  readonly endpoint: string
}

/** The `hosts.toml` of one registry (https://github.com/containerd/containerd/blob/main/docs/hosts.md). */
export function hostsToml({ host, endpoint }: RegistryMirror): string {
  const plain = endpoint.startsWith('http://')
  return `server = ${JSON.stringify(plain ? `http://${host}` : `https://${host}`)}

[host.${JSON.stringify(endpoint)}]
capabilities = ["pull", "resolve"]
${plain ? 'skip_verify = true\n' : ''}`
}
