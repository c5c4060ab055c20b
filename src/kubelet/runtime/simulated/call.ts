import type { SandboxConfig } from '../messages.ts'
import type { SimulatedContainer } from './state.ts'

/** What a call is about. */
export interface Call {
  readonly sandbox: SandboxConfig
  readonly container?: string
  readonly image?: string
}

export const callOf = ({ sandbox, config }: SimulatedContainer): Call => ({
  sandbox: sandbox.config,
  container: config.metadata.name,
})

export const subjectOf = ({ sandbox: { metadata }, container, image }: Call): string =>
  image ?? [metadata.namespace, metadata.name, ...(container === undefined ? [] : [container])].join('/')
