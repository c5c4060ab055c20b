import type { SubresourceEndpoint } from '../endpoint.ts'
import { CommandEndpoint } from './command-endpoint.ts'
import type { ConnectContext } from './connect-context.ts'
import { LogEndpoint } from './log-endpoint.ts'
import { PortForwardEndpoint } from './port-forward-endpoint.ts'
import { ProxyEndpoint } from './proxy-endpoint.ts'

/** All subresources through which clients reach pods and nodes. */
export const connectEndpoints = (context: ConnectContext): readonly SubresourceEndpoint[] => [
  new LogEndpoint(context),
  new CommandEndpoint('exec', context),
  new CommandEndpoint('attach', context),
  new PortForwardEndpoint(context),
  new ProxyEndpoint('pods', context),
  new ProxyEndpoint('services', context),
  new ProxyEndpoint('nodes', context),
]
