import type { core } from '../../api/generated/types/index.ts'
import { messageOf } from '../../base/message-of.ts'
import type { ComputedResource } from '../endpoint.ts'

/** How a component is. */
export interface Health {
  readonly healthy: boolean
  /** What it said, or why it could not be reached. */
  readonly message: string
  /** What went wrong within the probe itself. */
  readonly error?: string
}

/** Asks a component; never rejects. */
export type ComponentProbe = () => Promise<Health>

/** The store as a component, by a check that rejects where it does not answer. */
export const storeProbe =
  (check: () => Promise<void>): ComponentProbe =>
  async () => {
    try {
      await check()
      return { healthy: true, message: 'ok' }
    } catch (error) {
      return { healthy: false, message: '', error: messageOf(error) }
    }
  }

/** The components by name, as upstream shows them. */
export class ComponentStatuses implements ComputedResource {
  readonly group = ''
  readonly version = 'v1'
  readonly resource = 'componentstatuses'
  /** Upstream's error for a name that there is not calls it so. */
  readonly unknownName = 'componentstatus'
  readonly #probes: ReadonlyMap<string, ComponentProbe>

  constructor(probes: ReadonlyMap<string, ComponentProbe>) {
    this.#probes = probes
  }

  list(): Promise<readonly core.v1.ComponentStatus[]> {
    return Promise.all([...this.#probes].map(([name, probe]) => statusOf(name, probe)))
  }

  async get(name: string): Promise<core.v1.ComponentStatus | undefined> {
    const probe = this.#probes.get(name)
    return probe === undefined ? undefined : statusOf(name, probe)
  }
}

async function statusOf(name: string, probe: ComponentProbe): Promise<core.v1.ComponentStatus> {
  const { healthy, message, error } = await probe()
  const condition = {
    type: 'Healthy',
    status: healthy ? 'True' : 'False',
    ...(message === '' ? {} : { message }),
    ...(error === undefined ? {} : { error }),
  }
  return { kind: 'ComponentStatus', apiVersion: 'v1', metadata: { name }, conditions: [condition] }
}
