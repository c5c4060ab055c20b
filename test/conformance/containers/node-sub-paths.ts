import { expect } from 'vitest'
import type { ContainerGround } from '../support/container-ground.ts'
import { forever, scriptPod } from '../support/pods.ts'
import type { Behave, Table } from '../support/suite.ts'

const volumes = [{ name: 'work', emptyDir: {} }]
const named = (value: string) => ({ name: 'POD_NAME', value })
const annotated = {
  name: 'ANNOTATION',
  valueFrom: { fieldRef: { fieldPath: "metadata.annotations['mysubpath']" } },
}

const podWith = (script: string, env: readonly object[], subPathExpr: string, annotations = {}) =>
  scriptPod('expands', script, {
    annotations,
    container: {
      env,
      volumeMounts: [
        { name: 'work', mountPath: '/part', subPathExpr },
        { name: 'work', mountPath: '/whole' },
      ],
    },
    spec: { volumes },
  })

/** A path that leads out of the volume: the container never starts. */
const refuses =
  (value: string): Behave<ContainerGround> =>
  async (ground) => {
    const name = await ground.start(podWith('true', [named(value)], '$(POD_NAME)'))
    await ground.podWhen(name, ({ status }) => {
      expect(status.phase).toBe('Pending')
      expect(status.containerStatuses?.[0]?.state.waiting?.reason).toBe('CreateContainerConfigError')
    })
    await ground.eventually(async () => {
      const { items } = await ground.api.get(ground.path('events'), { fieldSelector: 'reason=Failed' })
      expect(items).not.toEqual([])
    })
    expect((await ground.pod(name)).status.phase).toBe('Pending')
  }

/** An annotation that is not there yet keeps the container waiting; once it is, the container starts. */
const mends: Behave<ContainerGround> = async (ground) => {
  const name = await ground.start(
    podWith(forever, [named('foo'), annotated], '$(ANNOTATION)/$(POD_NAME)', { other: 'mypath' }),
  )
  await ground.podWhen(name, ({ status }) =>
    expect(status.containerStatuses?.[0]?.state.waiting?.reason).toBe('CreateContainerConfigError'),
  )
  await ground.api.patch(ground.path(`pods/${name}`), { metadata: { annotations: { mysubpath: 'mypath' } } })
  await ground.ready(name)
  await ground.api.delete(ground.path(`pods/${name}`))
  await ground.gone(name)
}

const writes: Behave<ContainerGround> = async (ground) => {
  const name = await ground.start(
    podWith(forever, [named('foo'), annotated], '$(ANNOTATION)/$(POD_NAME)', { mysubpath: 'mypath' }),
  )
  await ground.ready(name)
  await ground.shell(name, 'touch /whole/mypath/foo/test.log; test -f /part/test.log')
  // What the path was made of changes; the volume goes with the pod nevertheless.
  await ground.api.patch(ground.path(`pods/${name}`), { metadata: { annotations: { mysubpath: 'newpath' } } })
  await ground.api.delete(ground.path(`pods/${name}`))
  await ground.gone(name)
}

const title = '[sig-node] Variable Expansion'

/** Paths in volumes that are made of variables. */
export const nodeSubPaths: Table<ContainerGround> = {
  [`${title} should verify that a failing subpath expansion can be modified during the lifecycle of a container [Slow]`]:
    mends,
  [`${title} should succeed in writing subpaths in container`]: writes,
  [`${title} should fail substituting values in a volume subpath with absolute path`]: refuses('/tmp'),
  [`${title} should fail substituting values in a volume subpath with backticks`]: refuses('..'),
  [`${title} should allow substituting values in a volume subpath`]: async (ground) => {
    const said = await ground.output(podWith('ls /whole', [named('expands')], '$(POD_NAME)'))
    expect(said).toBe('expands\n')
  },
}
