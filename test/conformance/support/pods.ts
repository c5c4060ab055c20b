/** Has busybox and its programs under /bin, on every node with real containers. */
export const image = 'timonel.local/busybox:1'

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
