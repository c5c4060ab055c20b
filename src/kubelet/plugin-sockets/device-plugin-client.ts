import deviceDescriptor from '../../api/generated/rpc/deviceplugin-v1beta1.json' with { type: 'json' }
import { loadServices } from '../../base/host/load-services.ts'
import { GrpcConnection } from '../grpc/grpc-connection.ts'
import type {
  Device,
  DeviceAllocation,
  DevicePlugin,
  DevicePluginOptions,
} from '../resources/devices/device-plugin.ts'

const service = 'v1beta1.DevicePlugin'
/** Upstream's: for the first call, and for PreStartContainer. */
const connectTimeoutMs = 10_000
const preStartTimeoutMs = 30_000

interface ListedDevice {
  readonly ID: string
  readonly health: string
  readonly topology?: { readonly nodes: readonly { readonly ID: number }[] }
}

/** A device plugin behind its socket. */
export class DevicePluginClient implements DevicePlugin {
  readonly #connection: GrpcConnection

  constructor(socketPath: string) {
    this.#connection = new GrpcConnection(socketPath, loadServices(deviceDescriptor))
  }

  options(): Promise<DevicePluginOptions> {
    return this.#connection.call(service, 'GetDevicePluginOptions', {}, connectTimeoutMs)
  }

  /** All devices, whenever that changes; `ended` once, when the plugin is gone. */
  watch(listed: (devices: readonly Device[]) => void, ended: () => void): void {
    this.#connection.stream<{ readonly devices: readonly ListedDevice[] }>(
      service,
      'ListAndWatch',
      {},
      {
        data: ({ devices }) =>
          listed(
            devices.map(({ ID, health, topology }) => ({
              id: ID,
              healthy: health === 'Healthy',
              nodes: (topology?.nodes ?? []).map((node) => node.ID),
            })),
          ),
        ended,
      },
    )
  }

  async allocate(deviceIds: readonly string[]): Promise<DeviceAllocation | undefined> {
    const { containerResponses } = await this.#connection.call<{
      readonly containerResponses: readonly DeviceAllocation[]
    }>(service, 'Allocate', { containerRequests: [{ devicesIds: deviceIds }] })
    return containerResponses[0]
  }

  async preferred(
    available: readonly string[],
    mustInclude: readonly string[],
    size: number,
  ): Promise<readonly string[]> {
    const request = {
      ...{ availableDeviceIDs: available, mustIncludeDeviceIDs: mustInclude, allocationSize: size },
    }
    const { containerResponses } = await this.#connection.call<{
      readonly containerResponses: readonly { readonly deviceIDs: readonly string[] }[]
    }>(service, 'GetPreferredAllocation', { containerRequests: [request] })
    return containerResponses[0]?.deviceIDs ?? []
  }

  async preStart(deviceIds: readonly string[]): Promise<void> {
    await this.#connection.call(service, 'PreStartContainer', { devicesIds: deviceIds }, preStartTimeoutMs)
  }

  close(): void {
    this.#connection.close()
  }
}
