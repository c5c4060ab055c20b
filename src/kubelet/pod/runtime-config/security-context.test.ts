import { expect, test } from 'vitest'
import type { core } from '../../../api/generated/types/index.ts'
import { containerSecurityContext, verifyNonRoot } from './security-context.ts'

type Pod = core.v1.Pod

const pod: Pod = {
  metadata: { name: 'p', namespace: 'ns', uid: 'u' },
  spec: {
    containers: [],
    securityContext: { runAsUser: 1000, runAsNonRoot: true, fsGroup: 2000, supplementalGroups: [3000] },
  },
}
const root = { uid: 0, username: '' }
const settings = { seccompRoot: '/seccomp', seccompDefault: false }

test('containerSecurityContext() lets the container override the pod', () => {
  const container: core.v1.Container = {
    name: 'c',
    securityContext: {
      runAsUser: 5,
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { add: ['NET_ADMIN'], drop: ['ALL'] },
      seccompProfile: { type: 'RuntimeDefault' },
    },
  }
  expect(containerSecurityContext(pod, container, root, settings)).toMatchObject({
    runAsUser: { value: 5 },
    noNewPrivs: true,
    readonlyRootfs: true,
    capabilities: { addCapabilities: ['NET_ADMIN'], dropCapabilities: ['ALL'] },
    seccomp: { profileType: 'RuntimeDefault' },
    supplementalGroups: [2000, 3000],
  })
  const plain = containerSecurityContext({ spec: { containers: [] } }, { name: 'c' }, root, settings)
  expect(plain.seccomp).toEqual({ profileType: 'Unconfined' })
  expect(plain.maskedPaths).toContain('/proc/kcore')
})

test.each([
  [{ securityContext: { runAsUser: 0 } }, root, "container's runAsUser breaks non-root policy"],
  [{ securityContext: { runAsUser: 7 } }, root, ''],
])('verifyNonRoot() looks at the container (%#)', (own, image, message) => {
  const check = (): void => verifyNonRoot(pod, { name: 'c', ...own }, image)
  if (message === '') expect(check).not.toThrow()
  else expect(check).toThrow(message)
})

test.each([
  [root, 'container has runAsNonRoot and image will run as root (pod: "p_ns(u)", container: c)'],
  [{ username: 'app' }, 'image has non-numeric user (app), cannot verify user is non-root'],
])('verifyNonRoot() looks at the image (%#)', (image, message) => {
  const free: Pod = { ...pod, spec: { containers: [], securityContext: { runAsNonRoot: true } } }
  expect(() => verifyNonRoot(free, { name: 'c' }, image)).toThrow(message)
})
