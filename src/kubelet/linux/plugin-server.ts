import { join } from 'node:path'
import type { core } from '../../api/generated/types/index.ts'
import type { Host } from '../../base/host.ts'
import type { Logger } from '../../base/logger.ts'
import { messageOf } from '../../base/message-of.ts'
import type { Metrics } from '../../base/metrics.ts'
import { DeviceRegistration } from '../plugin-sockets/device-registration.ts'
import { driverHandler } from '../plugin-sockets/driver-handler.ts'
import { PluginWatcher } from '../plugin-sockets/plugin-watcher.ts'
import { servePodResources } from '../plugin-sockets/pod-resources.ts'
import type { LocalManagers } from './local-managers.ts'

export interface PluginServerOptions {
  readonly rootDirectory: string
  readonly managers: LocalManagers
  readonly host: Host
  readonly logger: Logger
  readonly metrics?: Metrics
  readonly pods: () => readonly core.v1.Pod[]
}

/** Opens the sockets of plugins; a node does without those that cannot be opened. Returns what closes them. */
export async function servePlugins(options: PluginServerOptions): Promise<() => Promise<void>> {
  const { rootDirectory, managers, host, logger, metrics, pods } = options
  const ends: (() => Promise<void>)[] = []
  const open = async (what: string, start: () => Promise<() => Promise<void>>): Promise<void> => {
    try {
      ends.push(await start())
    } catch (error) {
      logger.error(`the socket of ${what} could not be opened`, { error: messageOf(error) })
    }
  }
  await open('device plugins', async () => {
    const registrations = metrics?.counter({
      name: 'kubelet_device_plugin_registration_total',
      help: 'Cumulative number of device plugin registrations. Broken down by resource name.',
      labels: ['resource_name'],
    })
    const registration = new DeviceRegistration({
      directory: join(rootDirectory, 'device-plugins'),
      devices: managers.devices,
      logger,
      ...(registrations === undefined ? {} : { registrations }),
    })
    await registration.start()
    return () => registration.stop()
  })
  await open('drivers', async () => {
    const watcher = new PluginWatcher({
      directory: join(rootDirectory, 'plugins_registry'),
      ...{ host, logger },
      handlers: new Map([['DRAPlugin', driverHandler(managers.drivers)]]),
    })
    managers.drivers.start()
    await watcher.start()
    return async () => {
      managers.drivers.stop()
      await watcher.stop()
    }
  })
  await open('the pod-resources API', () =>
    servePodResources({
      socketPath: join(rootDirectory, 'pod-resources', 'kubelet.sock'),
      managers: managers.all,
      pods,
      ...(metrics === undefined ? {} : { metrics }),
    }),
  )
  return async () => {
    for (const end of ends) await end()
  }
}
