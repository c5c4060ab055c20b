/** Has busybox and its programs under /bin, on every node with real containers. */
export const image = 'timonel.local/busybox:1'

/** Says `entrypoint command`, its entrypoint being the first word. */
export const speakingImage = 'timonel.local/speaking:1'

export interface PodParts {
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
  /** Goes over the main container's. */
  readonly container?: object
  /** Goes over the pod's. */
  readonly spec?: object
}

/** A container that runs a script of the shell. */
export const scripted = (name: string, script: string, parts: object = {}) => ({
  name,
  image,
  command: ['/bin/sh', '-c', script],
  ...parts,
})

/** A pod whose main container runs a script once. */
export const scriptPod = (
  name: string,
  script: string,
  { labels = {}, annotations = {}, container = {}, spec = {} }: PodParts = {},
) => ({
  metadata: { name, labels, annotations },
  spec: {
    restartPolicy: 'Never',
    terminationGracePeriodSeconds: 0,
    containers: [scripted('main', script, container)],
    ...spec,
  },
})

/** Runs until it is asked to end. */
export const forever = 'trap "exit 0" TERM; while :; do sleep 1; done'

/**
 * A web server on port 8080; `/cgi-bin/run` runs a script of the shell, whose output begins with an empty line after
 * its headers.
 */
export const webServer = (script: string, before = ''): string => `
mkdir -p /www/cgi-bin
cat > /www/cgi-bin/run <<'EOF'
#!/bin/sh
${script}
EOF
chmod 755 /www/cgi-bin/run
${before}
exec httpd -f -p 8080 -h /www`

/** A container that runs a program for this Node, of which it sees the host's files. */
export const nodeProgram = (name: string, program: string, parts: object = {}) => ({
  name,
  image,
  command: ['/bin/chroot', '/host', process.execPath, '-e', program],
  volumeMounts: [{ name: 'host', mountPath: '/host', readOnly: true }],
  ...parts,
})

/** The volume that `nodeProgram` mounts. */
export const hostFiles = { name: 'host', hostPath: { path: '/' } }
