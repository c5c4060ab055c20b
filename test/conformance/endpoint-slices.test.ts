import { expect } from 'vitest'
import { eventually } from './support/eventually.ts'
import { behaviours } from './support/suite.ts'

behaviours('EndpointSlices', {
  '[sig-network] EndpointSliceMirroring should mirror a custom Endpoints resource through create update and delete':
    async ({ api, namespace }) => {
      const path = `/api/v1/namespaces/${namespace}`
      const mirrored = (addresses: readonly string[]): Promise<void> =>
        eventually(async () => {
          const slices = await api.list(`/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices`, {
            labelSelector: 'kubernetes.io/service-name=custom',
          })
          expect(slices).toEqual(
            addresses.map((address) =>
              expect.objectContaining({
                ports: [expect.objectContaining({ port: 80 })],
                endpoints: [expect.objectContaining({ addresses: [address] })],
              }),
            ),
          )
        })
      await api.create(`${path}/services`, {
        metadata: { name: 'custom' },
        spec: { ports: [{ name: 'example', port: 80, protocol: 'TCP' }] },
      })
      const subsets = (ip: string) => [{ ports: [{ port: 80 }], addresses: [{ ip }] }]
      await api.create(`${path}/endpoints`, { metadata: { name: 'custom' }, subsets: subsets('10.1.2.3') })
      await mirrored(['10.1.2.3'])
      await api.patch(`${path}/endpoints/custom`, { subsets: subsets('10.2.3.4') })
      await mirrored(['10.2.3.4'])
      await api.delete(`${path}/endpoints/custom`)
      await mirrored([])
    },
})
