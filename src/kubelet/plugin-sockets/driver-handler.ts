import { goQuote } from '../../apimachinery/go-text.ts'
import type { Drivers } from '../resources/claims/drivers.ts'
import { DriverClient, driverService } from './driver-client.ts'
import type { PluginHandler } from './plugin-watcher.ts'

const texts = (items: readonly string[]): string => `[${items.map(goQuote).join(' ')}]`

/** Takes drivers of claims that speak DRAPlugin v1. */
export const driverHandler = (drivers: Drivers): PluginHandler => ({
  register: (name, endpoint, versions) => {
    const about = `invalid supported gRPC versions of DRA driver plugin ${name} at endpoint ${endpoint}`
    if (versions.length === 0)
      throw new Error(`${about}: empty list of supported gRPC services (aka supported versions)`)
    if (!versions.includes(driverService))
      throw new Error(
        `${about}: none of services supported by the plugin (${texts(versions)}) are supported by the kubelet (${texts([driverService])})`,
      )
    const client = new DriverClient(endpoint)
    drivers.add(name, endpoint, client)
    client.watch((isConnected) => drivers.connection(name, endpoint, isConnected))
    return () => {
      drivers.remove(name, endpoint)
      client.close()
    }
  },
})
