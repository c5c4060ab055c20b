import { mkdtempSync, rmSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Server, ServerCredentials } from '@grpc/grpc-js'
import { afterEach, beforeEach, expect, test } from 'vitest'
import draDescriptor from '../../api/generated/rpc/dra-v1.json' with { type: 'json' }
import registrationDescriptor from '../../api/generated/rpc/pluginregistration-v1.json' with { type: 'json' }
import { loadServices } from '../../base/host/load-services.ts'
import { realHost } from '../../base/host/real-host.ts'
import { silentLogger } from '../../base/logger.ts'
import { createClient } from '../../client/create-client.ts'
import { FakeApi } from '../../client/testing/fake-api.ts'
import { Drivers } from '../resources/claims/drivers.ts'
import { driverHandler } from './driver-handler.ts'
import { PluginWatcher } from './plugin-watcher.ts'

const name = 'gpu.example.com'
let directory: string
let drivers: Drivers
const ends: (() => unknown)[] = []

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'tm-dra-'))
  const client = createClient(new FakeApi(realHost))
  drivers = new Drivers({ client, host: realHost, logger: silentLogger, nodeName: 'n' })
  const handlers = new Map([['DRAPlugin', driverHandler(drivers)]])
  const watcher = new PluginWatcher({ directory, host: realHost, logger: silentLogger, handlers })
  ends.push(() => drivers.stop())
  await watcher.start()
  ends.push(() => watcher.stop())
})

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
  rmSync(directory, { recursive: true })
})

type Answer = (error: null, response: object) => void

/** A driver as vendors write them: one socket to register by, one to be called on. `told` resolves to what the agent said of it. */
async function driver(info: { readonly type?: string; readonly versions?: readonly string[] } = {}) {
  const registration = loadServices(registrationDescriptor).get('pluginregistration.Registration')
  const service = loadServices(draDescriptor).get('k8s.io.kubelet.pkg.apis.dra.v1.DRAPlugin')
  if (registration === undefined || service === undefined) throw new Error('no service')
  const folder = mkdtempSync(join(tmpdir(), 'tm-drv-'))
  ends.push(() => rmSync(folder, { recursive: true }))
  await mkdir(folder, { recursive: true })
  const endpoint = join(folder, 'dra.sock')
  const server = new Server()
  const listen = (path: string): Promise<void> =>
    new Promise((resolve, reject) => {
      server.bindAsync(`unix:${path}`, ServerCredentials.createInsecure(), (error) =>
        error === null ? resolve() : reject(error),
      )
    })
  type Call = {
    readonly request: { readonly claims: readonly { readonly uid: string; readonly name: string }[] }
  }
  server.addService(service, {
    NodePrepareResources: ({ request }: Call, answer: Answer) =>
      answer(null, {
        claims: Object.fromEntries(
          request.claims.map((claim) => [
            claim.uid,
            {
              devices: [{ deviceName: 'a', poolName: 'n', cdiDeviceIds: [`example.com/gpu=${claim.name}`] }],
            },
          ]),
        ),
      }),
    NodeUnprepareResources: ({ request }: Call, answer: Answer) =>
      answer(null, { claims: Object.fromEntries(request.claims.map(({ uid }) => [uid, { error: 'busy' }])) }),
  })
  let tell: (status: object) => void = () => {}
  const told = new Promise<object>((resolve) => {
    tell = resolve
  })
  server.addService(registration, {
    GetInfo: (_call: unknown, answer: Answer) => {
      const { type = 'DRAPlugin', versions = ['v1.DRAPlugin'] } = info
      answer(null, { type, name, endpoint, supportedVersions: versions })
    },
    NotifyRegistrationStatus: ({ request }: { readonly request: object }, answer: Answer) => {
      answer(null, {})
      tell(request)
    },
  })
  await listen(endpoint)
  await listen(join(directory, 'gpu-reg.sock'))
  ends.push(() => server.forceShutdown())
  return { told, end: () => server.forceShutdown() }
}

test('a driver that puts its socket there is registered, and called', async () => {
  const { told } = await driver()
  expect(await told).toEqual({ pluginRegistered: true, error: '' })
  const claims = [{ namespace: 'ns', uid: 'u', name: 'c' }]
  expect(await drivers.get(name).prepare(claims)).toEqual(
    new Map([
      [
        'u',
        {
          error: '',
          devices: [
            {
              ...{ deviceName: 'a', poolName: 'n' },
              requestNames: [],
              cdiDeviceIds: ['example.com/gpu=c'],
            },
          ],
        },
      ],
    ]),
  )
  expect(await drivers.get(name).unprepare(claims)).toEqual(new Map([['u', { error: 'busy' }]]))
})

test.each([
  [{ type: 'Other' }, /^RegisterPlugin error -- no handler registered for plugin type: Other at socket /],
  [
    { versions: ['v9.DRAPlugin'] },
    /none of services supported by the plugin \(\["v9.DRAPlugin"\]\) are supported by the kubelet \(\["v1.DRAPlugin"\]\)$/,
  ],
])('a plugin that is %o is told why it is not taken', async (info, error) => {
  const { told } = await driver(info)
  expect(await told).toEqual({ pluginRegistered: false, error: expect.stringMatching(error) })
  expect(() => drivers.get(name)).toThrow(`DRA driver ${name} is not registered`)
})
