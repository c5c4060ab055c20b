import { lstat, mkdir, readdir, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { isExtendedResource } from '../../api/core/resource-names.ts'
import deviceDescriptor from '../../api/generated/rpc/deviceplugin-v1beta1.json' with { type: 'json' }
import { goQuote } from '../../apimachinery/go-text.ts'
import { assert } from '../../base/assert.ts'
import { loadServices } from '../../base/host/load-services.ts'
import type { Logger } from '../../base/logger.ts'
import type { Counter } from '../../base/metrics.ts'
import { serveGrpc, unary } from '../grpc/grpc-server.ts'
import type { DeviceManager } from '../resources/devices/device-manager.ts'
import { DevicePluginClient } from './device-plugin-client.ts'

const version = 'v1beta1'

export interface DeviceRegistrationOptions {
  /** Holds the agent's socket, those of plugins, and the checkpoint. */
  readonly directory: string
  readonly devices: DeviceManager
  readonly logger: Logger
  readonly registrations?: Counter
}

interface RegisterRequest {
  readonly version: string
  readonly endpoint: string
  readonly resourceName: string
}

/** Where device plugins register. */
export class DeviceRegistration {
  readonly #options: DeviceRegistrationOptions
  readonly #clients = new Map<string, DevicePluginClient>()
  #end: (() => Promise<void>) | undefined

  constructor(options: DeviceRegistrationOptions) {
    this.#options = options
  }

  /** Sockets from before are removed: plugins see it and register again. */
  async start(): Promise<void> {
    const { directory } = this.#options
    await mkdir(directory, { recursive: true, mode: 0o750 })
    for (const name of await readdir(directory)) {
      const path = join(directory, name)
      if ((await lstat(path)).isSocket()) await unlink(path)
    }
    const service = loadServices(deviceDescriptor).get('v1beta1.Registration')
    assert(service !== undefined, 'no service Registration')
    this.#end = await serveGrpc(join(directory, 'kubelet.sock'), service, {
      Register: unary((request: RegisterRequest) => this.#register(request)),
    })
  }

  async stop(): Promise<void> {
    await this.#end?.()
    for (const client of this.#clients.values()) client.close()
    this.#clients.clear()
  }

  async #register(request: RegisterRequest): Promise<object> {
    const { directory, devices, logger, registrations } = this.#options
    const { resourceName, endpoint } = request
    registrations?.inc([resourceName])
    if (request.version !== version)
      throw new Error(
        `requested API version ${goQuote(request.version)} is not supported by kubelet. Supported version is [${goQuote(version)}]`,
      )
    if (!isExtendedResource(resourceName))
      throw new Error(`the ResourceName ${goQuote(resourceName)} is invalid`)
    const client = new DevicePluginClient(join(directory, endpoint))
    try {
      devices.connected(resourceName, client, await client.options())
    } catch (error) {
      client.close()
      throw error
    }
    this.#clients.get(resourceName)?.close()
    this.#clients.set(resourceName, client)
    logger.info('a device plugin has registered', { resource: resourceName })
    client.watch(
      (list) => {
        if (this.#clients.get(resourceName) === client) devices.listed(resourceName, list)
      },
      () => {
        client.close()
        if (this.#clients.get(resourceName) === client) this.#clients.delete(resourceName)
        devices.disconnected(resourceName, client)
      },
    )
    return {}
  }
}
