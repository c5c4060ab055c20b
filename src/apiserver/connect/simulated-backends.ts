import type { BackendConnector, BackendRequest } from './backend.ts'

const refuse = ({ address: { host, port } }: BackendRequest): Promise<never> =>
  Promise.reject(new Error(`nothing listens at ${host}:${port}: the nodes of this cluster are simulated`))

/** For nodes that are simulated: their addresses and their pods' belong to nobody, or to a stranger, so none is called. */
export const simulatedBackends: BackendConnector = { request: refuse, upgrade: refuse }
