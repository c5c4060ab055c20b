import { expect } from 'vitest'
import type { ContainerGround } from '../support/container-ground.ts'
import { forever, scriptPod } from '../support/pods.ts'
import type { Behave } from '../support/suite.ts'

/** An object of the behaviour's namespace that its pod needs. */
export interface Needed {
  /** `configmaps` */
  readonly resource: string
  readonly object: object
}

export interface Shown {
  readonly needs?: readonly Needed[]
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
  /** A volume's source, by where it is mounted. */
  readonly mounts: Readonly<Record<string, object>>
  /** The mounts' other fields, for all of them. */
  readonly mount?: object
  readonly script: string
  readonly securityContext?: object
  readonly container?: object
  /** What the script says; with a function, what it says must pass. */
  readonly says: string | RegExp | ((said: string, ground: ContainerGround) => Promise<void> | void)
}

/** A pod whose main container has the volumes mounted. */
export function mountingPod(name: string, of: Omit<Shown, 'says'>) {
  const mounts = Object.entries(of.mounts)
  return scriptPod(name, of.script, {
    ...(of.labels === undefined ? {} : { labels: of.labels }),
    ...(of.annotations === undefined ? {} : { annotations: of.annotations }),
    container: {
      volumeMounts: mounts.map(([mountPath], index) => ({ name: `v${index}`, mountPath, ...of.mount })),
      ...of.container,
    },
    spec: {
      volumes: mounts.map(([, source], index) => ({ name: `v${index}`, ...source })),
      ...(of.securityContext === undefined ? {} : { securityContext: of.securityContext }),
    },
  })
}

export const createAll = (ground: ContainerGround, needs: readonly Needed[] = []): Promise<unknown> =>
  Promise.all(needs.map(({ resource, object }) => ground.create(resource, object)))

/** A pod looks at its volumes once, and says what it sees. */
export const shows =
  (of: Shown): Behave<ContainerGround> =>
  async (ground) => {
    await createAll(ground, of.needs)
    const said = await ground.output(mountingPod('shows', of))
    if (typeof of.says === 'string') expect(said).toBe(of.says)
    else if (of.says instanceof RegExp) expect(said).toMatch(of.says)
    else await of.says(said, ground)
  }

/** A pod that goes on running sees its volumes change. */
export const follows =
  (
    of: Omit<Shown, 'says' | 'script'>,
    change: (
      ground: ContainerGround,
      sees: (script: string, expected: string) => Promise<void>,
    ) => Promise<void>,
  ): Behave<ContainerGround> =>
  async (ground) => {
    await createAll(ground, of.needs)
    const name = await ground.start(mountingPod('follows', { ...of, script: forever }))
    await ground.ready(name)
    await change(ground, async (script, expected) => {
      await ground.eventually(async () => expect(await ground.shell(name, script)).toBe(expected))
    })
  }

/** Says a file's permissions and its content. */
export const show = (...paths: readonly string[]): string =>
  paths.map((path) => `stat -L -c %A ${path}; cat ${path}`).join('; ')
