import type { core } from '../../api/generated/types/index.ts'

type Mode = 'Disabled' | 'IfPossible' | 'Enabled'

const modeOf = (mount: core.v1.VolumeMount): Mode | undefined =>
  (['Disabled', 'IfPossible', 'Enabled'] as const).find((mode) => mode === mount.recursiveReadOnly)

/**
 * Whether what is mounted below a mount is read-only, too (KEP-3857); `possible` where the pod's runtime can do
 * that. Throws upstream's text where it must be, and cannot.
 */
export function recursiveReadOnly(mount: core.v1.VolumeMount, possible: boolean): boolean {
  const mode = modeOf(mount) ?? 'Disabled'
  if (mode === 'Disabled') return false
  const fail = (why: string): never => {
    const what = `volume "${mount.name}" requested recursive read-only mode`
    throw new Error(`failed to resolve recursive read-only mode: ${what}, but it is ${why}`)
  }
  const { mountPropagation = 'None' } = mount
  if (mount.readOnly !== true) fail('not read-only')
  if (mountPropagation !== 'None') fail(`not compatible with propagation "${mountPropagation}"`)
  if (mode === 'Enabled' && !possible) fail('not supported by the runtime')
  return possible
}
