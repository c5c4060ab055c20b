import { realHost } from '../../base/host/real-host.ts'
import { VirtualHost } from '../../base/virtual-host.ts'

/** A host whose time the test moves. */
export function testHost(seed = 1): VirtualHost {
  return new VirtualHost({ seed, hop: () => realHost.nextTurn(), sha256: (data) => realHost.sha256(data) })
}
